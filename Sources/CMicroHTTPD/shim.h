#pragma once
#include <microhttpd.h>

// MHD_get_connection_info takes further arguments of any type, which Swift cannot call.

/// The connection's socket, or -1.
static inline int cmicro_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}
