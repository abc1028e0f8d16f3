#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo take arguments of any type, which Swift cannot call.

typedef size_t (*cc_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode cc_set_number(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode cc_set_size(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode cc_set_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode cc_set_receiver(CURL *handle, CURLoption option, cc_receiver value) {
  return curl_easy_setopt(handle, option, value);
}

/// For CURLINFO_RESPONSE_CODE and its like.
static inline long cc_get_number(CURL *handle, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(handle, info, &value);
  return value;
}

/// For CURLINFO_SIZE_DOWNLOAD_T and its like, and times in microseconds.
static inline curl_off_t cc_get_size(CURL *handle, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(handle, info, &value);
  return value;
}
