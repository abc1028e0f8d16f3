#include "internal.h"

#include <openssl/x509v3.h>

#include <csignal>
#include <cstdlib>
#include <sys/socket.h>

// Of CDICOM, whose header this target sees as a module only, which C++ does not import.
extern "C" bool cd_has_dictionary(void);

namespace dimse_shim {

static thread_local std::string last_error;

void set_error(const std::string &message) { last_error = message; }

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    cd_has_dictionary(); // sets up DCMTK's logging and dictionary, in one place for both shims
    DcmTLSTransportLayer::initializeOpenSSL();
    // Without it each small message waits for the acknowledgement of the one before: 200 slices took 13 s, not 0.1 s.
    setenv("TCP_NODELAY", "1", 0);
    dcmDisableGethostbyaddr.set(OFTrue);
    // OpenSSL's write to a connection that the peer closed would end the process.
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    if (before != SIG_DFL && before != SIG_ERR) std::signal(SIGPIPE, before);
  });
}

void check(const OFCondition &condition) {
  if (condition.good()) return;
  int status = condition.module() == OFM_dcmtls ? CN_INSECURE : CN_FAILED;
  if (condition.module() == OFM_dcmnet) switch (condition.code()) {
    case DULC_READTIMEOUT:
    case DIMSEC_NODATAAVAILABLE: status = CN_TIMEOUT; break;
    case DULC_NETWORKCLOSED:
    case DULC_PEERABORTEDASSOCIATION:
    case DULC_PEERREQUESTEDRELEASE:
    case DULC_TCPIOERROR:
    case DIMSEC_READPDVFAILED:
    case DIMSEC_RECEIVEFAILED:
    case DIMSEC_SENDFAILED: status = CN_LOST; break;
    case DULC_TLSERROR: status = CN_INSECURE; break;
    case DULC_TCPINITERROR:
    case DULC_UNKNOWNHOST:
    case DULC_REQUESTASSOCIATIONFAILED: status = CN_UNREACHABLE; break;
    }
  throw Failure{status, condition.text()};
}

static void set_up_tls(cn_association association, const cn_peer *peer) {
  auto layer = watched_tls_layer(association, peer->listening_port ? NET_ACCEPTORREQUESTOR : NET_REQUESTOR);
  DcmTLSTransportLayer &tls = *layer;
  association->layer = std::move(layer);
  auto require = [](const OFCondition &condition, const char *what) {
    if (condition.bad()) throw Failure{CN_INSECURE, std::string(what) + ": " + condition.text()};
  };
  require(tls.addTrustedCertificateFile(peer->trusted_file, DCF_Filetype_PEM), "the trusted certificates cannot be read");
  if (peer->certificate_file && peer->key_file) {
    require(tls.setPrivateKeyFile(peer->key_file, DCF_Filetype_PEM), "the private key cannot be read");
    require(tls.setCertificateFile(peer->certificate_file, DCF_Filetype_PEM), "the own certificate cannot be read");
    if (!tls.checkPrivateKeyMatchesCertificate())
      throw Failure{CN_INSECURE, "the private key does not belong to the own certificate"};
  }
  require(tls.setTLSProfile(TSP_Profile_BCP195_ND), "TLS");
  require(tls.activateCipherSuites(), "TLS");
  tls.setCertificateVerification(DCV_requireCertificate);
}

// DCMTK checks who signed the certificate, but not for whom.
static void check_certificate_name(cn_association association, const char *host) {
  const unsigned long length = ASC_getPeerCertificateLength(association->dicom);
  std::vector<unsigned char> encoded(length);
  ASC_getPeerCertificate(association->dicom, encoded.data(), length);
  const unsigned char *start = encoded.data();
  std::unique_ptr<X509, void (*)(X509 *)> certificate(d2i_X509(nullptr, &start, long(length)), X509_free);
  if (!certificate) throw Failure{CN_INSECURE, "the peer showed no certificate"};
  if (X509_check_host(certificate.get(), host, 0, 0, nullptr) != 1 && X509_check_ip_asc(certificate.get(), host, 0) != 1)
    throw Failure{CN_INSECURE, "the peer's certificate is not for this host"};
}

static T_ASC_Parameters *make_parameters(cn_association association, const cn_peer *peer) {
  T_ASC_Parameters *parameters = nullptr;
  check(ASC_createAssociationParameters(&parameters, ASC_MAXIMUMPDUSIZE));
  try {
    check(ASC_setAPTitles(parameters, peer->calling_title, peer->called_title, nullptr));
    check(ASC_setTransportLayerType(parameters, association->uses_tls));
    const std::string address = std::string(peer->host) + ":" + std::to_string(peer->port);
    check(ASC_setPresentationAddresses(parameters, "localhost", address.c_str()));
    T_ASC_PresentationContextID id = 1;
    for (const Context &context : association->contexts) {
      std::vector<const char *> syntaxes;
      for (const std::string &syntax : context.transfer_syntaxes) syntaxes.push_back(syntax.c_str());
      check(ASC_addPresentationContext(parameters, id, context.sop_class.c_str(), syntaxes.data(), int(syntaxes.size()),
                                       context.for_storage ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT));
      id += 2;
    }
  } catch (...) {
    ASC_destroyAssociationParameters(&parameters);
    throw;
  }
  return parameters;
}

T_ASC_PresentationContextID accepted_context(cn_association association, const char *sop_class) {
  if (!association->dicom) throw Failure{CN_FAILED, "there is no association"};
  const T_ASC_PresentationContextID id = ASC_findAcceptedPresentationContextID(association->dicom, sop_class);
  if (id == 0) throw Failure{CN_NO_CONTEXT, "the peer does not offer this service to us"};
  return id;
}

} // namespace dimse_shim

using namespace dimse_shim;

const char *cn_last_error(void) { return last_error.c_str(); }

int cn_create(cn_association *out) {
  return guarded([&] { *out = new cn_association_(); });
}

void cn_close(cn_association association) {
  guarded([&] {
    // What the peer still sends is of no interest, and its silence no reason to wait.
    association->sockets.shut_down(SHUT_RD, false);
    if (association->dicom) {
      ASC_abortAssociation(association->dicom);
      ASC_destroyAssociation(&association->dicom);
    }
    if (association->network) ASC_dropNetwork(&association->network);
  });
}

void cn_destroy(cn_association association) {
  cn_close(association);
  delete association;
}

void cn_stop(cn_association association, int reason) {
  association->stop_reason = reason;
  association->sockets.shut_down(SHUT_RDWR, true);
}

int cn_propose(cn_association association, const char *sop_class, const char *transfer_syntaxes, bool for_storage) {
  return guarded([&] {
    Context context{sop_class, {}, for_storage};
    std::string rest = transfer_syntaxes;
    for (size_t end; (end = rest.find('\\')) != std::string::npos; rest.erase(0, end + 1))
      context.transfer_syntaxes.push_back(rest.substr(0, end));
    context.transfer_syntaxes.push_back(rest);
    if (association->contexts.size() == 128) throw Failure{CN_FAILED, "an association has at most 128 contexts"};
    association->contexts.push_back(std::move(context));
  });
}

int cn_connect(cn_association association, const cn_peer *peer) {
  return guarded(association, [&] {
    association->answer_seconds = peer->answer_seconds;
    association->uses_tls = peer->uses_tls;
    association->calling_title = peer->calling_title;
    dcmConnectionTimeout.set(peer->connect_seconds);
    check(ASC_initializeNetwork(peer->listening_port ? NET_ACCEPTORREQUESTOR : NET_REQUESTOR, peer->listening_port,
                                peer->connect_seconds, &association->network));
    if (peer->uses_tls) set_up_tls(association, peer);
    else association->layer = watched_layer(association);
    check(ASC_setTransportLayer(association->network, association->layer.get(), 0));
    association->allowance = command_limit;
    T_ASC_Parameters *parameters = make_parameters(association, peer);
    const OFCondition condition = ASC_requestAssociation(association->network, parameters, &association->dicom, nullptr,
                                                         nullptr, DUL_NOBLOCK, peer->connect_seconds);
    if (condition == DUL_ASSOCIATIONREJECTED) {
      T_ASC_RejectParameters reasons;
      OFString text;
      ASC_getRejectParameters(parameters, &reasons);
      ASC_printRejectParameters(text, &reasons);
      std::string message = text.c_str();
      for (char &c : message)
        if (c == '\n') c = ';';
      ASC_destroyAssociation(&association->dicom);
      throw Failure{reasons.result == ASC_RESULT_REJECTEDTRANSIENT ? CN_BUSY : CN_REJECTED, message};
    }
    if (condition.bad()) ASC_destroyAssociation(&association->dicom);
    check(condition);
    if (association->uses_tls) check_certificate_name(association, peer->host);
    if (ASC_countAcceptedPresentationContexts(association->dicom->params) == 0)
      throw Failure{CN_NO_CONTEXT, "the peer accepted none of the services"};
  });
}

bool cn_accepts(cn_association association, const char *sop_class) {
  return guarded([&] { accepted_context(association, sop_class); }) == CN_OK;
}

int cn_release(cn_association association) {
  return guarded(association, [&] {
    if (!association->dicom) return;
    association->allowance = command_limit;
    const OFCondition condition = ASC_releaseAssociation(association->dicom);
    ASC_destroyAssociation(&association->dicom);
    check(condition);
  });
}
