#pragma once
#include "CDIMSE.h"
#include "../CDICOM/guarded.h"

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dctk.h"
#include "dcmtk/dcmnet/assoc.h"
#include "dcmtk/dcmnet/dimse.h"
#include "dcmtk/dcmtls/tlslayer.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace dimse_shim {

struct Context {
  std::string sop_class;
  std::vector<std::string> transfer_syntaxes;
  bool for_storage;
};

// The open sockets of an association, and of those that the peer opened to deliver to it.
class Sockets {
public:
  void add(int socket);
  void remove(int socket);
  // Ends every wait for the network on any of them, or, for good, on those that are added later too.
  void shut_down(int how, bool for_good);

private:
  std::mutex mutex;
  std::set<int> open;
  bool is_shut = false;
};

} // namespace dimse_shim

struct cn_association_ {
  std::atomic<int> stop_reason{CN_OK}; // what running and later calls return, once cn_stop was called
  dimse_shim::Sockets sockets;
  size_t allowance = 0; // how many bytes the message that is being read may still have
  std::vector<dimse_shim::Context> contexts;
  std::string calling_title;
  int answer_seconds = 0;
  bool uses_tls = false;
  std::unique_ptr<DcmTransportLayer> layer; // outlives the network
  T_ASC_Network *network = nullptr;
  T_ASC_Association *dicom = nullptr;
  std::vector<uint8_t> received; // one instance; kept for the next, since new memory costs more than what is copied
};

namespace dimse_shim {

using shim::Failure;

void set_error(const std::string &message);
void initialize();

template <typename Body> int guarded(Body body) noexcept {
  return shim::guarded(CN_FAILED, set_error, [&] {
    initialize();
    body();
  });
}

// The same for what an association does; once it is stopped, every failure is that.
template <typename Body> int guarded(cn_association association, Body body) noexcept {
  const int status = guarded(body);
  const int reason = association->stop_reason;
  return status != CN_OK && reason != CN_OK ? reason : status;
}

// Throws a network condition as the status it amounts to.
void check(const OFCondition &condition);

// How long the peer may be silent; sees whether the association was stopped.
class Patience {
public:
  explicit Patience(cn_association association)
      : association(association),
        end(std::chrono::steady_clock::now() + std::chrono::seconds(association->answer_seconds)) {}
  void check() const {
    if (association->stop_reason != CN_OK) throw Failure{association->stop_reason, "stopped"};
    if (std::chrono::steady_clock::now() >= end) throw Failure{CN_TIMEOUT, "no answer in time"};
  }

private:
  cn_association association;
  std::chrono::steady_clock::time_point end;
};

inline const int wait_seconds = 1;

// The most bytes of a command, of an association's negotiation, of an identifier, and of an instance.
inline const size_t command_limit = size_t(1) << 20, identifier_limit = size_t(1) << 24, instance_limit = size_t(1) << 31;

// What makes the connections of an association: they count what they read, and can be shut from another thread.
std::unique_ptr<DcmTransportLayer> watched_layer(cn_association association);
std::unique_ptr<DcmTLSTransportLayer> watched_tls_layer(cn_association association, T_ASC_NetworkRole role);

inline DcmTagKey key(uint32_t tag) { return DcmTagKey(Uint16(tag >> 16), Uint16(tag & 0xFFFF)); }

T_ASC_PresentationContextID accepted_context(cn_association association, const char *sop_class);
DcmDataset make_query(const cn_element *query, size_t count);
// The next command on an association, whichever it is.
T_DIMSE_Message receive_command(cn_association association, T_ASC_Association *from, T_ASC_PresentationContextID *context);
// One data set, byte for byte as the peer encoded it; good until the next call.
const std::vector<uint8_t> &receive_bytes(cn_association association, T_ASC_Association *from,
                                          T_ASC_PresentationContextID context, size_t limit);
// What was negotiated for a context.
T_ASC_PresentationContext negotiated(T_ASC_Association *from, T_ASC_PresentationContextID context);

} // namespace dimse_shim
