#include "internal.h"

namespace dimse_shim {

DcmDataset make_query(const cn_element *query, size_t count) {
  DcmDataset data_set;
  for (size_t index = 0; index < count; ++index) {
    const OFCondition condition = data_set.putAndInsertString(DcmTag(key(query[index].tag)), query[index].value);
    if (condition.bad()) throw Failure{CN_FAILED, std::string("the query cannot be made: ") + condition.text()};
  }
  return data_set;
}

} // namespace dimse_shim

using namespace dimse_shim;

int cn_echo(cn_association association, uint16_t *status) {
  return guarded(association, [&] {
    accepted_context(association, UID_VerificationSOPClass);
    association->allowance = command_limit;
    DIC_US answer = 0;
    DcmDataset *detail = nullptr;
    const OFCondition condition = DIMSE_echoUser(association->dicom, association->dicom->nextMsgID++, DIMSE_NONBLOCKING,
                                                 association->answer_seconds, &answer, &detail);
    delete detail;
    check(condition);
    *status = answer;
  });
}

int cn_find(cn_association association, const char *sop_class, const cn_element *query, size_t count, cn_match match,
            void *context, uint16_t *status) {
  return guarded(association, [&] {
    const T_ASC_PresentationContextID id = accepted_context(association, sop_class);
    DcmDataset identifier = make_query(query, count);
    T_DIMSE_Message request{};
    request.CommandField = DIMSE_C_FIND_RQ;
    T_DIMSE_C_FindRQ &find = request.msg.CFindRQ;
    find.MessageID = association->dicom->nextMsgID++;
    OFStandard::strlcpy(find.AffectedSOPClassUID, sop_class, sizeof find.AffectedSOPClassUID);
    find.DataSetType = DIMSE_DATASET_PRESENT;
    find.Priority = DIMSE_PRIORITY_MEDIUM;
    check(DIMSE_sendMessageUsingMemoryData(association->dicom, id, &request, nullptr, &identifier, nullptr, nullptr));
    for (;;) {
      T_ASC_PresentationContextID from = 0;
      const T_DIMSE_Message message = receive_command(association, association->dicom, &from);
      if (message.CommandField != DIMSE_C_FIND_RSP) throw Failure{CN_FAILED, "an unexpected message during C-FIND"};
      const T_DIMSE_C_FindRSP &response = message.msg.CFindRSP;
      const bool has_data_set = response.DataSetType != DIMSE_DATASET_NULL;
      const std::vector<uint8_t> none;
      const std::vector<uint8_t> &bytes =
          has_data_set ? receive_bytes(association, association->dicom, from, identifier_limit) : none;
      if (!DICOM_PENDING_STATUS(response.DimseStatus)) {
        *status = response.DimseStatus;
        return;
      }
      const T_ASC_PresentationContext accepted = negotiated(association->dicom, from);
      if (!match(context, accepted.acceptedTransferSyntax, bytes.data(), bytes.size()))
        throw Failure{CN_STOPPED, "stopped"};
    }
  });
}
