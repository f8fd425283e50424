// Preloaded into the server of the torture test: while a trigger file exists, writes below a folder fail with EIO now and then.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* One call in so many fails. */
static const unsigned oneIn = 4;

static int fails(int fd) {
  const char *folder = getenv("PENTAD_TEST_IO_FOLDER");
  const char *trigger = getenv("PENTAD_TEST_IO_TRIGGER");
  const char *count = getenv("PENTAD_TEST_IO_COUNT");
  struct stat facts;
  if (folder == NULL || trigger == NULL || stat(trigger, &facts) != 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strncmp(path, folder, strlen(folder)) != 0) return 0;
  static __thread unsigned state;
  if (state == 0) state = (unsigned)getpid() ^ (unsigned)(size_t)&state ^ (unsigned)facts.st_mtim.tv_nsec;
  state = state * 1103515245u + 12345u;
  if ((state >> 16) % oneIn != 0) return 0;
  FILE *told = count == NULL ? NULL : fopen(count, "a");
  if (told != NULL) {
    fprintf(told, "%s\n", path);
    fclose(told);
  }
  errno = EIO;
  return 1;
}

#define INTERPOSE(result, name, parameters, arguments)                                          \
  result name parameters {                                                                      \
    static result(*real) parameters;                                                            \
    if (real == NULL) real = (result(*) parameters)dlsym(RTLD_NEXT, #name);                     \
    return fails(fd) ? -1 : real arguments;                                                     \
  }

INTERPOSE(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
INTERPOSE(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
INTERPOSE(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
INTERPOSE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
INTERPOSE(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at), (fd, parts, count, at))
INTERPOSE(ssize_t, pwritev64, (int fd, const struct iovec *parts, int count, off64_t at), (fd, parts, count, at))
INTERPOSE(int, fsync, (int fd), (fd))
INTERPOSE(int, fdatasync, (int fd), (fd))
INTERPOSE(int, ftruncate, (int fd, off_t size), (fd, size))
INTERPOSE(int, ftruncate64, (int fd, off64_t size), (fd, size))
