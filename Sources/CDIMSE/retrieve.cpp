#include "internal.h"

#include <algorithm>
#include <unistd.h>

namespace dimse_shim {

// Takes one C-STORE in and answers it.
static void receive_instance(cn_association association, T_ASC_Association *from, T_ASC_PresentationContextID context,
                             const T_DIMSE_C_StoreRQ &request, cn_store store, void *store_context) {
  const std::vector<uint8_t> none;
  const std::vector<uint8_t> &bytes = request.DataSetType == DIMSE_DATASET_NULL
                                          ? none
                                          : receive_bytes(association, from, context, instance_limit);
  const T_ASC_PresentationContext accepted = negotiated(from, context);
  const cn_stored stored{request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, accepted.abstractSyntax,
                         accepted.acceptedTransferSyntax, bytes.data(), bytes.size()};
  uint16_t status = STATUS_Success;
  const bool goes_on = store(store_context, &stored, &status);
  T_DIMSE_C_StoreRSP response{};
  response.MessageIDBeingRespondedTo = request.MessageID;
  response.DimseStatus = status;
  response.DataSetType = DIMSE_DATASET_NULL;
  OFStandard::strlcpy(response.AffectedSOPClassUID, request.AffectedSOPClassUID, sizeof response.AffectedSOPClassUID);
  OFStandard::strlcpy(response.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID,
                      sizeof response.AffectedSOPInstanceUID);
  response.opts = O_STORE_AFFECTEDSOPCLASSUID | O_STORE_AFFECTEDSOPINSTANCEUID;
  check(DIMSE_sendStoreResponse(from, context, &request, &response, nullptr));
  if (!goes_on) throw Failure{CN_STOPPED, "stopped"};
}

// --- the storage SCP of C-MOVE --------------------------------------------------------------------------------------

// The associations that the peer opened to send what it was asked to move.
class Deliveries {
public:
  Deliveries(cn_association association, cn_store store, void *context)
      : association(association), store(store), context(context) {}
  ~Deliveries() {
    for (T_ASC_Association *delivery : open) {
      ASC_abortAssociation(delivery);
      ASC_destroyAssociation(&delivery);
    }
  }

  // Whether anything happened.
  bool serve() {
    bool happened = false;
    if (ASC_associationWaiting(association->network, 0)) {
      accept();
      happened = true;
    }
    for (size_t index = 0; index < open.size();) {
      if (!ASC_dataWaiting(open[index], 0)) {
        ++index;
      } else {
        happened = true;
        if (serve_one(open[index])) ++index;
        else open.erase(open.begin() + long(index));
      }
    }
    return happened;
  }

private:
  cn_association association;
  cn_store store;
  void *context;
  std::vector<T_ASC_Association *> open;

  void accept() {
    T_ASC_Association *delivery = nullptr;
    association->allowance = command_limit;
    // One that connects and then says nothing must not hold up the others.
    const OFCondition received =
        ASC_receiveAssociation(association->network, &delivery, ASC_MAXIMUMPDUSIZE, nullptr, nullptr,
                               association->uses_tls, DUL_NOBLOCK, std::min(association->answer_seconds, 5));
    auto drop = [&] {
      if (delivery) ASC_dropSCPAssociation(delivery, 0);
      if (delivery) ASC_destroyAssociation(&delivery);
    };
    if (received.bad()) return drop(); // a stranger's broken attempt is no reason to stop
    char called[128] = "", calling[128] = "", responding[128] = "";
    ASC_getAPTitles(delivery->params, calling, sizeof calling, called, sizeof called, responding, sizeof responding);
    if (association->calling_title != called) {
      const T_ASC_RejectParameters refusal{ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER,
                                           ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED};
      ASC_rejectAssociation(delivery, &refusal);
      return drop();
    }
    std::vector<const char *> sop_classes, syntaxes; // the ones proposed, in their order; repetitions do no harm
    for (const Context &proposed : association->contexts) {
      if (!proposed.for_storage) continue;
      sop_classes.push_back(proposed.sop_class.c_str());
      for (const std::string &syntax : proposed.transfer_syntaxes) syntaxes.push_back(syntax.c_str());
    }
    ASC_acceptContextsWithPreferredTransferSyntaxes(delivery->params, sop_classes.data(), int(sop_classes.size()),
                                                    syntaxes.data(), int(syntaxes.size()));
    if (ASC_acknowledgeAssociation(delivery).bad()) return drop();
    open.push_back(delivery);
  }

  // False once the association is over.
  bool serve_one(T_ASC_Association *delivery) {
    T_DIMSE_Message message;
    T_ASC_PresentationContextID from = 0;
    DcmDataset *detail = nullptr;
    association->allowance = command_limit;
    const OFCondition condition =
        DIMSE_receiveCommand(delivery, DIMSE_NONBLOCKING, association->answer_seconds, &from, &message, &detail);
    delete detail;
    if (condition.good() && message.CommandField == DIMSE_C_STORE_RQ) {
      receive_instance(association, delivery, from, message.msg.CStoreRQ, store, context);
      return true;
    }
    if (condition.good() && message.CommandField == DIMSE_C_ECHO_RQ)
      return DIMSE_sendEchoResponse(delivery, from, &message.msg.CEchoRQ, STATUS_Success, nullptr).good();
    if (condition == DUL_PEERREQUESTEDRELEASE) ASC_acknowledgeRelease(delivery);
    else ASC_abortAssociation(delivery);
    ASC_dropSCPAssociation(delivery, 0);
    ASC_destroyAssociation(&delivery);
    return false;
  }
};

// --- C-GET and C-MOVE -----------------------------------------------------------------------------------------------

// True when the response is the final one.
template <typename Response>
static bool take(const Response &response, cn_association association, T_ASC_PresentationContextID context,
                 cn_outcome *out) {
  // The list of what failed; what is missing is known without it.
  if (response.DataSetType != DIMSE_DATASET_NULL)
    receive_bytes(association, association->dicom, context, identifier_limit);
  out->status = response.DimseStatus;
  out->completed = response.NumberOfCompletedSubOperations;
  out->failed = response.NumberOfFailedSubOperations;
  return !DICOM_PENDING_STATUS(response.DimseStatus);
}

static void send_get(cn_association association, T_ASC_PresentationContextID id, const char *sop_class,
                     DcmDataset &identifier) {
  T_DIMSE_Message request{};
  request.CommandField = DIMSE_C_GET_RQ;
  T_DIMSE_C_GetRQ &get = request.msg.CGetRQ;
  get.MessageID = association->dicom->nextMsgID++;
  OFStandard::strlcpy(get.AffectedSOPClassUID, sop_class, sizeof get.AffectedSOPClassUID);
  get.DataSetType = DIMSE_DATASET_PRESENT;
  get.Priority = DIMSE_PRIORITY_MEDIUM;
  check(DIMSE_sendMessageUsingMemoryData(association->dicom, id, &request, nullptr, &identifier, nullptr, nullptr));
}

static void send_move(cn_association association, T_ASC_PresentationContextID id, const char *sop_class,
                      DcmDataset &identifier) {
  T_DIMSE_Message request{};
  request.CommandField = DIMSE_C_MOVE_RQ;
  T_DIMSE_C_MoveRQ &move = request.msg.CMoveRQ;
  move.MessageID = association->dicom->nextMsgID++;
  OFStandard::strlcpy(move.AffectedSOPClassUID, sop_class, sizeof move.AffectedSOPClassUID);
  OFStandard::strlcpy(move.MoveDestination, association->calling_title.c_str(), sizeof move.MoveDestination);
  move.DataSetType = DIMSE_DATASET_PRESENT;
  move.Priority = DIMSE_PRIORITY_MEDIUM;
  check(DIMSE_sendMessageUsingMemoryData(association->dicom, id, &request, nullptr, &identifier, nullptr, nullptr));
}

} // namespace dimse_shim

using namespace dimse_shim;

int cn_get(cn_association association, const char *sop_class, const cn_element *query, size_t count, cn_store store,
           void *context, cn_outcome *out) {
  return guarded(association, [&] {
    DcmDataset identifier = make_query(query, count);
    send_get(association, accepted_context(association, sop_class), sop_class, identifier);
    *out = cn_outcome{};
    for (;;) {
      T_ASC_PresentationContextID from = 0;
      const T_DIMSE_Message message = receive_command(association, association->dicom, &from);
      if (message.CommandField == DIMSE_C_STORE_RQ)
        receive_instance(association, association->dicom, from, message.msg.CStoreRQ, store, context);
      else if (message.CommandField != DIMSE_C_GET_RSP)
        throw Failure{CN_FAILED, "an unexpected message during C-GET"};
      else if (take(message.msg.CGetRSP, association, from, out))
        return;
    }
  });
}

int cn_move(cn_association association, const char *sop_class, const cn_element *query, size_t count, cn_store store,
            void *context, cn_outcome *out) {
  return guarded(association, [&] {
    DcmDataset identifier = make_query(query, count);
    send_move(association, accepted_context(association, sop_class), sop_class, identifier);
    *out = cn_outcome{};
    Deliveries deliveries(association, store, context);
    for (bool is_final = false;;) {
      bool happened = false;
      for (Patience patience(association); !happened;) {
        patience.check();
        happened = deliveries.serve();
        if (!is_final && ASC_dataWaiting(association->dicom, 0)) {
          T_ASC_PresentationContextID from = 0;
          const T_DIMSE_Message message = receive_command(association, association->dicom, &from);
          if (message.CommandField != DIMSE_C_MOVE_RSP)
            throw Failure{CN_FAILED, "an unexpected message during C-MOVE"};
          is_final = take(message.msg.CMoveRSP, association, from, out);
          happened = true;
        }
        // Every C-STORE is answered before the peer counts it, so none is outstanding after the final response.
        if (is_final) return;
        if (!happened) usleep(2000);
      }
    }
  });
}
