// A C view of the parts of DCMTK's network libraries that RenalGrade uses. It holds no policy.
//
// Every function that can fail returns a CN_... status and leaves a message in cn_last_error() of the calling thread.
// One association belongs to one thread at a time; only cn_stop may be called from another. Different associations may
// be used from different threads at once.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_association_ *cn_association;

enum {
  CN_OK = 0,
  CN_FAILED,      // DCMTK refused; the message says why
  CN_UNREACHABLE, // no connection to the host and port
  CN_REJECTED,    // the peer rejected the association for good; the message has its reason
  CN_BUSY,        // the peer rejected the association for now
  CN_NO_CONTEXT,  // the peer did not accept the service that was asked for
  CN_TIMEOUT,     // the peer did not answer in time
  CN_LOST,        // the peer closed or aborted the association
  CN_INSECURE,    // TLS could not be set up, or the peer's certificate was not accepted
  CN_CANCELLED,   // cn_stop was called for this reason
  CN_TOO_SLOW,    // cn_stop was called for this reason
  CN_STOPPED,     // the callback asked to stop
};

const char *cn_last_error(void);

// --- associations ---------------------------------------------------------------------------------------------------

typedef struct {
  const char *host;
  uint16_t port;
  const char *calling_title, *called_title;
  int32_t connect_seconds, answer_seconds; // to connect and associate; to wait for each message
  bool uses_tls;
  const char *trusted_file;                  // PEM: the certificate authorities
  const char *certificate_file, *key_file;   // PEM: the own ones, or NULL
  uint16_t listening_port;                   // of the storage SCP for cn_move, or 0
} cn_peer;

int cn_create(cn_association *out);
// Aborts the association if it is still open, and stops listening; nothing but cn_destroy may follow.
void cn_close(cn_association association);
void cn_destroy(cn_association association);
// Makes the running call, and every later one, fail with a reason, CN_CANCELLED or CN_TOO_SLOW, within about a second;
// while a connection is being made, only once it is there or its time is over.
void cn_stop(cn_association association, int reason);
// Proposes one presentation context; transfer syntaxes are separated by backslashes. for_storage: the peer sends.
int cn_propose(cn_association association, const char *sop_class, const char *transfer_syntaxes, bool for_storage);
int cn_connect(cn_association association, const cn_peer *peer);
bool cn_accepts(cn_association association, const char *sop_class);
int cn_release(cn_association association);

// --- services -------------------------------------------------------------------------------------------------------

typedef struct {
  uint32_t tag;
  const char *value; // several values separated by backslashes
} cn_element;

typedef struct {
  const char *sop_class, *sop_instance;          // as they are announced
  const char *abstract_syntax, *transfer_syntax; // as they were negotiated
  const uint8_t *bytes; // the data set as it came over the network, without file meta information; may be none
  size_t byte_count;
} cn_stored;

typedef struct {
  uint16_t status; // of the final response (PS3.4 section C.4)
  uint32_t completed, failed;
} cn_outcome;

// Takes one match, a data set as it came over the network; one that announces none has no bytes. Returns false to stop.
typedef bool (*cn_match)(void *context, const char *transfer_syntax, const uint8_t *bytes, size_t count);
// Returns false to stop and abort; status goes back in the C-STORE response.
typedef bool (*cn_store)(void *context, const cn_stored *stored, uint16_t *status);

int cn_echo(cn_association association, uint16_t *status);
int cn_find(cn_association association, const char *sop_class, const cn_element *query, size_t count, cn_match match,
            void *context, uint16_t *status);
int cn_get(cn_association association, const char *sop_class, const cn_element *query, size_t count, cn_store store,
           void *context, cn_outcome *out);
// The peer opens associations to the listening port; those that call for another title than the calling one are refused.
int cn_move(cn_association association, const char *sop_class, const cn_element *query, size_t count, cn_store store,
            void *context, cn_outcome *out);

// --- files ----------------------------------------------------------------------------------------------------------

// syncfs(2), which glibc declares only to C with _GNU_SOURCE: forces a file system to disk. Sets errno where it fails.
int cn_synchronize(int descriptor);

#ifdef __cplusplus
}
#endif
