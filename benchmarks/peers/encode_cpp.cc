// SPDX-License-Identifier: Apache-2.0
//
// The events of MadeEvents.cs as C++ would encode them best: batches of 512 objects on an arena, which is used again.
// On stdin, a line a run: how many events. Says its CPU time in nanoseconds, and the bytes.
#include <google/protobuf/arena.h>
#include <cstdio>
#include <cinttypes>
#include <vector>

#include "made_event.h"

using namespace katrace::v1;

static const uint64_t kBatch = 512;

int main()
{
	std::vector<char> block(1 << 20), output(1 << 20);
	uint64_t count;

	puts("ready");
	fflush(stdout);
	while (scanf("%" SCNu64, &count) == 1) {
		uint64_t bytes = 0, cpu = now(CLOCK_PROCESS_CPUTIME_ID), time_ns = now(CLOCK_REALTIME);

		google::protobuf::ArenaOptions options;
		options.initial_block = block.data();
		options.initial_block_size = block.size();
		google::protobuf::Arena arena(options);
		for (uint64_t number = 0; number < count;) {
			arena.Reset();
			EventBatch *batch = google::protobuf::Arena::CreateMessage<EventBatch>(&arena);
			for (uint64_t i = 0; i < kBatch && number < count; i++, number++)
				fill(batch->add_events(), number, time_ns, time_ns);
			bytes += batch->ByteSizeLong();
			if (!batch->SerializeToArray(output.data(), output.size()))
				return 1;
		}
		printf("%" PRIu64 " %" PRIu64 "\n", now(CLOCK_PROCESS_CPUTIME_ID) - cpu, bytes);
		fflush(stdout);
	}
	return 0;
}
