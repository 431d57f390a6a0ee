// SPDX-License-Identifier: Apache-2.0
/*
 * many_sockets COUNT: COUNT connected sockets in ten processes, both sides of
 * each connection in the same one, every other connection with SO_KEEPALIVE.
 * Prints "ready", and keeps them until its input ends.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

#define PROCESSES 10

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void hold(int number, long pairs, int ready)
{
	/* An address of its own for each process, as ports are not enough for all. */
	struct sockaddr_in end = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001 + (number << 8)) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, client;
	socklen_t length = sizeof(end);
	long i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check(bind(listener, (struct sockaddr *)&end, sizeof(end)), "bind");
	check(listen(listener, 100), "listen");
	check(getsockname(listener, (struct sockaddr *)&end, &length), "getsockname");
	for (i = 0; i < pairs; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		check(client, "socket");
		if (i & 1)
			check(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), "SO_KEEPALIVE");
		check(connect(client, (struct sockaddr *)&end, sizeof(end)), "connect");
		check(accept(listener, NULL, NULL), "accept");
	}
	check(write(ready, "x", 1), "write");
	pause();
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0;
	struct rlimit files;
	int ready[2], i;
	char byte;

	if (count <= 0 || pipe(ready))
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (i = 0; i < PROCESSES; i++) {
		if (fork() == 0)
			hold(i, count / PROCESSES / 2, ready[1]);
	}
	close(ready[1]);
	for (i = 0; i < PROCESSES; i++) {
		if (read(ready[0], &byte, 1) != 1)
			return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
