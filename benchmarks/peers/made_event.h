// SPDX-License-Identifier: Apache-2.0
//
// The events of MadeEvents.cs, as messages.
#pragma once
#include <arpa/inet.h>
#include <cstdint>
#include <ctime>

#include "katrace/v1/katrace.pb.h"

static uint64_t now(clockid_t clock)
{
	timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

// Times: CLOCK_MONOTONIC, CLOCK_REALTIME.
static void fill(katrace::v1::Event *event, uint64_t number, uint64_t monotonic_ns, uint64_t time_ns)
{
	using namespace katrace::v1;
	char address[INET_ADDRSTRLEN];
	unsigned char bytes[4] = { 10, 0, (unsigned char)(number >> 8), (unsigned char)number };

	event->set_kind(Event::PROBE);
	event->set_sequence(number);
	event->set_monotonic_ns(monotonic_ns);
	event->set_cpu(1);
	event->set_cpu_sequence(number);
	event->set_source(Event::TIMER);

	Socket *socket = event->mutable_socket();
	socket->set_cookie(4096 + (number & 1023));
	socket->set_generation(1);
	socket->set_netns(4026531840);
	socket->set_inode(34567);
	socket->mutable_local()->set_address("10.0.0.5");
	socket->mutable_local()->set_port(6379);
	socket->mutable_remote()->set_address(inet_ntop(AF_INET, bytes, address, sizeof(address)));
	socket->mutable_remote()->set_port(1024 + (number & 0x7fff));
	socket->set_state(Socket::ESTABLISHED);
	socket->set_cgroup_id(4567);

	Keepalive *keepalive = event->mutable_keepalive();
	keepalive->set_on(true);
	keepalive->set_idle_seconds(60);
	keepalive->set_interval_seconds(75);
	keepalive->set_count(9);
	keepalive->set_user_timeout_ms(0);
	keepalive->set_probes_out(1);
	keepalive->set_unanswered(1);
	keepalive->set_probes(5);
	keepalive->set_silent_seconds(60);
	keepalive->set_next_seconds(75);
	keepalive->set_answered(0);
	keepalive->set_longest_silence_seconds(0);

	Process *process = event->mutable_process();
	process->set_pid(520);
	process->set_tid(520);
	process->set_comm("redis-server");
	process->set_command_line("/usr/bin/redis-server 127.0.0.1:6379");
	process->set_start_boottime_ns(12340000000);
	process->set_unit("redis-server.service");

	event->mutable_time()->set_seconds(time_ns / 1000000000);
	event->mutable_time()->set_nanos(time_ns % 1000000000);
}
