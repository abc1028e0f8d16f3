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

T_DIMSE_Message receive_command(cn_association association, T_ASC_Association *from, T_ASC_PresentationContextID *context) {
  const Patience patience(association);
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

std::unique_ptr<DcmDataset> receive_data_set(cn_association association, T_ASC_PresentationContextID context) {
  DcmDataset *received = nullptr;
  const OFCondition condition = DIMSE_receiveDataSetInMemory(association->dicom, DIMSE_NONBLOCKING,
                                                             association->answer_seconds, &context, &received, nullptr,
                                                             nullptr);
  std::unique_ptr<DcmDataset> data_set(received);
  check(condition);
  return data_set;
}

static void report_match(DcmDataset &data_set, cn_match match, void *context) {
  data_set.convertToUTF8(); // what cannot be converted stays as it came
  std::vector<std::string> values;
  std::vector<uint32_t> tags;
  for (unsigned long index = 0; index < data_set.card(); ++index) {
    DcmElement *element = data_set.getElement(index);
    OFString value;
    if (!element || element->getOFStringArray(value).bad()) continue;
    tags.push_back(uint32_t(element->getGTag()) << 16 | element->getETag());
    values.emplace_back(value.c_str());
  }
  std::vector<cn_element> elements;
  for (size_t index = 0; index < tags.size(); ++index) elements.push_back({tags[index], values[index].c_str()});
  match(context, elements.data(), elements.size());
}

} // namespace dimse_shim

using namespace dimse_shim;

int cn_echo(cn_association association, uint16_t *status) {
  return guarded([&] {
    accepted_context(association, UID_VerificationSOPClass);
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
  return guarded([&] {
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
      std::unique_ptr<DcmDataset> found;
      if (response.DataSetType != DIMSE_DATASET_NULL) found = receive_data_set(association, from);
      if (!DICOM_PENDING_STATUS(response.DimseStatus)) {
        *status = response.DimseStatus;
        return;
      }
      if (found) report_match(*found, match, context);
    }
  });
}
