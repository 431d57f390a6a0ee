// SPDX-License-Identifier: Apache-2.0
/*
 * hook_caller WHAT MILLISECONDS: does as often as it can what a hook sits on, and
 * prints "times cpu_ns": time of its own, so that others on the host matter less.
 *
 *   syscall    getppid, which no hook of ours looks at
 *   keepalive  setsockopt(SO_KEEPALIVE), on and off
 *   option     setsockopt(TCP_NODELAY)
 *   plain      a connection over loopback, accepted and reset, without keepalive
 *   inherited  the same with keepalive, inherited from the listener
 *   echo       a byte to and fro over loopback
 *   timers     64 threads that wait with a timeout of a jiffy, so timers of others
 *   probes     1,000 connections that probe each second
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include "tally.h"

#define TURNS_A_LOOK 16
#define WAITERS	     64
#define PROBING	     1000

static struct sockaddr_in address = { .sin_family = AF_INET };
static int listener, client, server;
static volatile int stopped;

static void check(int failed)
{
	if (failed) {
		perror("hook_caller");
		exit(1);
	}
}

static void set(int fd, int level, int option, int value)
{
	check(setsockopt(fd, level, option, &value, sizeof(value)));
}

static void open_listener(int keepalive)
{
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	set(listener, SOL_SOCKET, SO_KEEPALIVE, keepalive);
	check(bind(listener, (void *)&address, sizeof(address)) || listen(listener, PROBING) ||
	      getsockname(listener, (void *)&address, &length));
}

static void open_pair(void)
{
	client = socket(AF_INET, SOCK_STREAM, 0);
	check(connect(client, (void *)&address, sizeof(address)));
	server = accept(listener, NULL, NULL);
	check(server < 0);
}

static void call_syscall(int turn)
{
	syscall(SYS_getppid);
}

static void call_keepalive(int turn)
{
	set(client, SOL_SOCKET, SO_KEEPALIVE, turn & 1);
}

static void call_option(int turn)
{
	set(client, IPPROTO_TCP, TCP_NODELAY, turn & 1);
}

/* A reset leaves no TIME_WAIT behind, so no round finds the ports of the one before in use. */
static void call_connection(int turn)
{
	struct linger reset = { 1, 0 };

	open_pair();
	check(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(client);
	close(server);
}

static void call_echo(int turn)
{
	char byte = 0;

	check(send(client, &byte, 1, 0) != 1 || recv(server, &byte, 1, 0) != 1 ||
	      send(server, &byte, 1, 0) != 1 || recv(client, &byte, 1, 0) != 1);
}

/* recv() waits by schedule_timeout(), which is a timer of the wheel; poll() and nanosleep() are not. */
static void *wait_for_timers(void *argument)
{
	struct timeval jiffy = { .tv_usec = 1000 };
	char byte;
	int fds[2];

	check(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) ||
	      setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &jiffy, sizeof(jiffy)));
	while (!stopped)
		check(recv(fds[0], &byte, 1, 0) >= 0);
	return NULL;
}

static void run_for(uint64_t ns)
{
	struct timespec time = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&time, NULL);
}

static void timers(uint64_t ns)
{
	pthread_t threads[WAITERS];
	int i;

	for (i = 0; i < WAITERS; i++)
		check(pthread_create(&threads[i], NULL, wait_for_timers, NULL));
	run_for(ns);
	stopped = 1;
	for (i = 0; i < WAITERS; i++)
		pthread_join(threads[i], NULL);
}

static void probes(uint64_t ns)
{
	struct rlimit files = { 2 * PROBING + 64, 2 * PROBING + 64 };
	int i;

	setrlimit(RLIMIT_NOFILE, &files);
	open_listener(0);
	for (i = 0; i < PROBING; i++) {
		open_pair();
		set(client, IPPROTO_TCP, TCP_KEEPIDLE, 1);
		set(client, IPPROTO_TCP, TCP_KEEPINTVL, 1);
		set(client, SOL_SOCKET, SO_KEEPALIVE, 1);
	}
	run_for(ns);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *what;
		void (*call)(int turn);
		int keepalive;
	} loops[] = {
		{ "syscall", call_syscall },	  { "keepalive", call_keepalive },
		{ "option", call_option },	  { "plain", call_connection },
		{ "inherited", call_connection, 1 }, { "echo", call_echo },
	};
	uint64_t ns, end, now, cpu = 0, times = 0;
	unsigned int i;
	int turn;

	if (argc < 3)
		return 2;
	ns = strtoul(argv[2], NULL, 10) * 1000000;
	if (!strcmp(argv[1], "timers"))
		timers(ns);
	if (!strcmp(argv[1], "probes"))
		probes(ns);
	for (i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
		if (strcmp(argv[1], loops[i].what))
			continue;
		open_listener(loops[i].keepalive);
		open_pair();
		set(client, IPPROTO_TCP, TCP_NODELAY, 1);
		set(server, IPPROTO_TCP, TCP_NODELAY, 1);
		cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		now = clock_ns(CLOCK_MONOTONIC);
		for (end = now + ns; now < end; now = clock_ns(CLOCK_MONOTONIC)) {
			for (turn = 0; turn < TURNS_A_LOOK; turn++)
				loops[i].call(turn);
			times += TURNS_A_LOOK;
		}
		cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	}
	printf("%lu %lu\n", times, cpu);
	return 0;
}
