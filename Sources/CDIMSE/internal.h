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
#include <string>
#include <vector>

namespace dimse_shim {

struct Context {
  std::string sop_class;
  std::vector<std::string> transfer_syntaxes;
  bool for_storage;
};

} // namespace dimse_shim

struct cn_association_ {
  std::atomic<bool> is_cancelled{false};
  std::vector<dimse_shim::Context> contexts;
  std::string calling_title;
  int answer_seconds = 0;
  bool uses_tls = false;
  std::unique_ptr<DcmTLSTransportLayer> tls; // outlives the network
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

// Throws a network condition as the status it amounts to.
void check(const OFCondition &condition);

// How long one message may take; asks for cancellation as it goes.
class Patience {
public:
  explicit Patience(cn_association association)
      : association(association),
        end(std::chrono::steady_clock::now() + std::chrono::seconds(association->answer_seconds)) {}
  void check() const {
    if (association->is_cancelled) throw Failure{CN_CANCELLED, "cancelled"};
    if (std::chrono::steady_clock::now() >= end) throw Failure{CN_TIMEOUT, "no answer in time"};
  }

private:
  cn_association association;
  std::chrono::steady_clock::time_point end;
};

// DCMTK's waits last this long, so that a cancellation is seen.
inline const int wait_seconds = 1;

inline DcmTagKey key(uint32_t tag) { return DcmTagKey(Uint16(tag >> 16), Uint16(tag & 0xFFFF)); }

T_ASC_PresentationContextID accepted_context(cn_association association, const char *sop_class);
DcmDataset make_query(const cn_element *query, size_t count);
// The next command on an association, whichever it is.
T_DIMSE_Message receive_command(cn_association association, T_ASC_Association *from, T_ASC_PresentationContextID *context);
std::unique_ptr<DcmDataset> receive_data_set(cn_association association, T_ASC_PresentationContextID context);

} // namespace dimse_shim
