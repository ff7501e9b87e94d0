/* What no server can undercut: one write() for each of its clients. Reads commands, a line each, from its input. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int clients[65536];
static int count = 0;

static double cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Waits where a client's buffer is full. */
static void write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(fd, bytes, size);
    if (written < 0) {
      if (errno != EAGAIN && errno != EINTR) exit(1);
      struct pollfd room = {.fd = fd, .events = POLLOUT};
      poll(&room, 1, -1);
      continue;
    }
    bytes += written;
    size -= (size_t)written;
  }
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, NULL, _IOLBF, 0);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 511) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int number = atoi(line + 1);
    if (line[0] == 'a') {
      for (int index = 0; index < number; index++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        clients[count++] = fd;
      }
      printf("%d\n", count);
    } else {
      char *bytes = calloc(1, (size_t)number);
      double cpu = cpu_us(), start = now_ms();
      for (int index = 0; index < count; index++) write_all(clients[index], bytes, (size_t)number);
      printf("%f %f\n", cpu_us() - cpu, now_ms() - start);
      free(bytes);
    }
  }
  return 0;
}
