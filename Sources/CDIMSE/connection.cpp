#include "internal.h"

#include "dcmtk/dcmnet/dcmtrans.h"

#include <cerrno>
#include <sys/socket.h>

namespace dimse_shim {

void Sockets::add(int socket) {
  const std::lock_guard lock(mutex);
  open.insert(socket);
  if (is_shut) shutdown(socket, SHUT_RDWR);
}

void Sockets::remove(int socket) {
  const std::lock_guard lock(mutex);
  open.erase(socket);
}

void Sockets::shut_down(int how, bool for_good) {
  const std::lock_guard lock(mutex);
  is_shut = is_shut || for_good;
  for (const int socket : open) shutdown(socket, how);
}

namespace {

// Another connection, whose socket is known to the association, and which reads no more than is allowed.
class WatchedConnection : public DcmTransportConnection {
public:
  WatchedConnection(int socket, DcmTransportConnection *connection, cn_association association)
      : DcmTransportConnection(socket), socket(socket), connection(connection), association(association) {
    association->sockets.add(socket);
  }
  // Before the socket is closed, as its number may be given to another file at once.
  ~WatchedConnection() override { association->sockets.remove(socket); }

  ssize_t read(void *buffer, size_t count) override {
    const ssize_t length = connection->read(buffer, count);
    if (length <= 0) return length;
    if (size_t(length) > association->allowance) {
      errno = EMSGSIZE;
      return -1;
    }
    association->allowance -= size_t(length);
    return length;
  }
  void close() override {
    association->sockets.remove(socket);
    connection->close();
  }
  void closeTransportConnection() override {
    association->sockets.remove(socket);
    connection->closeTransportConnection();
  }

  ssize_t write(void *buffer, size_t count) override { return connection->write(buffer, count); }
  OFCondition serverSideHandshake() override { return connection->serverSideHandshake(); }
  OFCondition clientSideHandshake() override { return connection->clientSideHandshake(); }
  OFCondition renegotiate(const char *suite) override { return connection->renegotiate(suite); }
  unsigned long getPeerCertificateLength() override { return connection->getPeerCertificateLength(); }
  unsigned long getPeerCertificate(void *buffer, unsigned long length) override {
    return connection->getPeerCertificate(buffer, length);
  }
  OFBool networkDataAvailable(int timeout) override { return connection->networkDataAvailable(timeout); }
  OFBool isTransparentConnection() override { return connection->isTransparentConnection(); }
  OFString &dumpConnectionParameters(OFString &text) override { return connection->dumpConnectionParameters(text); }

private:
  int socket;
  std::unique_ptr<DcmTransportConnection> connection;
  cn_association association;
};

template <typename Layer> class Watched : public Layer {
public:
  template <typename... Arguments>
  explicit Watched(cn_association association, Arguments... arguments)
      : Layer(arguments...), association(association) {}

  DcmTransportConnection *createConnection(DcmNativeSocketType socket, OFBool is_secure) override {
    DcmTransportConnection *connection = Layer::createConnection(socket, is_secure);
    return connection ? new WatchedConnection(socket, connection, association) : nullptr;
  }

private:
  cn_association association;
};

} // namespace

std::unique_ptr<DcmTransportLayer> watched_layer(cn_association association) {
  return std::make_unique<Watched<DcmTransportLayer>>(association);
}

std::unique_ptr<DcmTLSTransportLayer> watched_tls_layer(cn_association association, T_ASC_NetworkRole role) {
  return std::make_unique<Watched<DcmTLSTransportLayer>>(association, role, nullptr, OFFalse);
}

} // namespace dimse_shim
