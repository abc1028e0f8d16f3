#include "internal.h"

namespace dimse_shim {

T_DIMSE_Message receive_command(cn_association association, T_ASC_Association *from, T_ASC_PresentationContextID *context) {
  const Patience patience(association);
  association->allowance = command_limit;
  for (;;) {
    patience.check();
    T_DIMSE_Message message;
    DcmDataset *detail = nullptr;
    const OFCondition condition = DIMSE_receiveCommand(from, DIMSE_NONBLOCKING, wait_seconds, context, &message, &detail);
    delete detail;
    if (condition == DIMSE_NODATAAVAILABLE) continue;
    check(condition);
    return message;
  }
}

const std::vector<uint8_t> &receive_bytes(cn_association association, T_ASC_Association *from,
                                          T_ASC_PresentationContextID context, size_t limit) {
  std::vector<uint8_t> &bytes = association->received;
  bytes.clear();
  // Beside the data set there are the headers of its parts, however small those are.
  association->allowance = 4 * limit;
  for (;;) {
    DUL_PDV part;
    OFCondition condition = DUL_NextPDV(&from->DULassociation, &part);
    if (condition.bad()) {
      const Patience patience(association);
      while (!ASC_dataWaiting(from, wait_seconds)) patience.check();
      patience.check();
      condition = DUL_ReadPDVs(&from->DULassociation, nullptr, DUL_NOBLOCK, association->answer_seconds);
      if (condition == DUL_PDATAPDUARRIVED) condition = DUL_NextPDV(&from->DULassociation, &part);
      check(condition);
    }
    if (part.pdvType != DUL_DATASETPDV || part.presentationContextID != context)
      throw Failure{CN_FAILED, "the peer mixed up its messages"};
    if (bytes.size() + part.fragmentLength > limit)
      throw Failure{CN_FAILED, "the peer sends a data set of more than " + std::to_string(limit) + " bytes"};
    const uint8_t *start = static_cast<const uint8_t *>(part.data);
    bytes.insert(bytes.end(), start, start + part.fragmentLength);
    if (part.lastPDV) return bytes;
  }
}

T_ASC_PresentationContext negotiated(T_ASC_Association *from, T_ASC_PresentationContextID context) {
  T_ASC_PresentationContext found;
  check(ASC_findAcceptedPresentationContext(from->params, context, &found));
  return found;
}

} // namespace dimse_shim
