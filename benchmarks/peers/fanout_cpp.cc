// SPDX-License-Identifier: Apache-2.0
//
// The generated service in C++ as one would write it for speed: batches of 512 message objects on an arena, made once, a queue of
// such batches for each subscriber, encoded for each. Events are those of MadeEvents.cs.
//
//	fanout_cpp ADDRESS	then, on stdin, a line a run: how many events
#include <sys/resource.h>
#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>
#include <atomic>
#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "katrace/v1/katrace.grpc.pb.h"
#include "made_event.h"

using namespace katrace::v1;

static const uint64_t kBatch = 512;
static const size_t kQueueLength = 32; // 16,384 events, as the other peers

// A response whose objects lie on an arena of its own; arenas are used again.
struct Batch {
	std::vector<char> block = std::vector<char>(1 << 20);
	google::protobuf::Arena arena{ options() };
	StreamEventsResponse *response = nullptr;

	google::protobuf::ArenaOptions options()
	{
		google::protobuf::ArenaOptions options;
		options.initial_block = block.data();
		options.initial_block_size = block.size();
		return options;
	}
};

class Pool {
public:
	std::shared_ptr<Batch> take()
	{
		std::unique_ptr<Batch> batch;
		{
			std::lock_guard<std::mutex> guard(mutex_);
			if (!free_.empty()) {
				batch = std::move(free_.back());
				free_.pop_back();
			}
		}
		if (!batch)
			batch = std::make_unique<Batch>();
		batch->arena.Reset();
		batch->response = google::protobuf::Arena::CreateMessage<StreamEventsResponse>(&batch->arena);
		return std::shared_ptr<Batch>(batch.release(), [this](Batch *done) {
			std::lock_guard<std::mutex> guard(mutex_);
			free_.emplace_back(done);
		});
	}

private:
	std::mutex mutex_;
	std::vector<std::unique_ptr<Batch>> free_;
};

class Queue {
public:
	// A full queue is waited for: nothing is lost.
	void push(std::shared_ptr<Batch> batch)
	{
		std::unique_lock<std::mutex> lock(mutex_);
		taken_.wait(lock, [this] { return batches_.size() < kQueueLength; });
		batches_.push_back(std::move(batch));
		pushed_.notify_one();
	}

	std::shared_ptr<Batch> pop()
	{
		std::unique_lock<std::mutex> lock(mutex_);
		pushed_.wait(lock, [this] { return !batches_.empty(); });
		std::shared_ptr<Batch> batch = std::move(batches_.front());
		batches_.pop_front();
		taken_.notify_one();
		return batch;
	}

	bool drained()
	{
		std::lock_guard<std::mutex> guard(mutex_);
		return batches_.empty();
	}

private:
	std::mutex mutex_;
	std::condition_variable pushed_, taken_;
	std::deque<std::shared_ptr<Batch>> batches_;
};

class Service final : public Katrace::Service {
public:
	grpc::Status StreamEvents(grpc::ServerContext *, const StreamEventsRequest *, grpc::ServerWriter<StreamEventsResponse> *writer) override
	{
		Queue *queue;
		{
			std::lock_guard<std::mutex> guard(mutex_);
			queue = &queues_.emplace_back();
		}
		StreamEventsResponse live;
		live.mutable_live();
		for (bool sent = writer->Write(live); sent;)
			sent = writer->Write(*queue->pop()->response);
		return grpc::Status::OK;
	}

	void send(const std::shared_ptr<Batch> &batch)
	{
		std::lock_guard<std::mutex> guard(mutex_);
		for (Queue &queue : queues_)
			queue.push(batch);
	}

	bool drained()
	{
		std::lock_guard<std::mutex> guard(mutex_);
		for (Queue &queue : queues_) {
			if (!queue.drained())
				return false;
		}
		return true;
	}

private:
	std::mutex mutex_;
	std::list<Queue> queues_;
};

static std::shared_ptr<Batch> make(Pool &pool, uint64_t &number, uint64_t count)
{
	std::shared_ptr<Batch> batch = pool.take();
	EventBatch *events = batch->response->mutable_events();
	for (uint64_t i = 0; i < count; i++) {
		number++;
		fill(events->add_events(), number, now(CLOCK_MONOTONIC), now(CLOCK_REALTIME));
	}
	batch->response->set_node_name("bench");
	batch->response->set_sequence(number);
	return batch;
}

int main(int, char **argv)
{
	static Pool pool; // outlives the calls
	static Service service;
	grpc::ServerBuilder builder;
	builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
	builder.RegisterService(&service);
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (!server)
		return 1;
	puts("ready");
	fflush(stdout);

	uint64_t number = 0, count;
	while (scanf("%" SCNu64, &count) == 1) {
		uint64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID), began = now(CLOCK_MONOTONIC);
		for (uint64_t made = 0; made < count; made += kBatch)
			service.send(make(pool, number, std::min(kBatch, count - made)));
		while (!service.drained()) {
			timespec millisecond = { 0, 1000000 };
			nanosleep(&millisecond, nullptr);
		}
		uint64_t cpu_ns = now(CLOCK_PROCESS_CPUTIME_ID) - cpu, wall_ns = now(CLOCK_MONOTONIC) - began;
		rusage usage;
		getrusage(RUSAGE_SELF, &usage);
		printf("%" PRIu64 " %" PRIu64 " 0 %" PRIu64 "\n", cpu_ns, wall_ns, (uint64_t)usage.ru_maxrss * 1024);
		fflush(stdout);
	}
	// Calls are under way, and their threads wait for ever.
	_Exit(0);
}
