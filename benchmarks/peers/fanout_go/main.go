// SPDX-License-Identifier: Apache-2.0

// What Tetragon and Hubble do: a message object an event, made once, a queue of such objects for each subscriber, and the
// generated service, which encodes it for each. Events are those of MadeEvents.cs.
//
//	fanout_go ADDRESS RATE      then, on stdin, a line a run: how many events
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "katrace.bench/fanout/katrace/v1"
)

const queueLength = 16384

// As grpc-go has it since 1.36: Debian's is older, and knows no messages of today's generator.
type codec struct{}

func (codec) Name() string                               { return "proto" }
func (codec) Marshal(message interface{}) ([]byte, error) { return proto.Marshal(message.(proto.Message)) }
func (codec) Unmarshal(data []byte, message interface{}) error {
	return proto.Unmarshal(data, message.(proto.Message))
}

func init() { encoding.RegisterCodec(codec{}) }

type server struct {
	pb.UnimplementedKatraceServer
	mutex  sync.Mutex
	queues []chan *pb.StreamEventsResponse
}

func (s *server) StreamEvents(_ *pb.StreamEventsRequest, stream pb.Katrace_StreamEventsServer) error {
	queue := make(chan *pb.StreamEventsResponse, queueLength)
	s.mutex.Lock()
	s.queues = append(s.queues, queue)
	s.mutex.Unlock()
	live := &pb.StreamEventsResponse{Content: &pb.StreamEventsResponse_Live{Live: &pb.Live{}}}
	if err := stream.Send(live); err != nil {
		return err
	}
	for {
		select {
		case <-stream.Context().Done():
			return nil
		case message := <-queue:
			if err := stream.Send(message); err != nil {
				return err
			}
		}
	}
}

// A full queue is waited for: nothing is lost.
func (s *server) send(message *pb.StreamEventsResponse) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, queue := range s.queues {
		queue <- message
	}
}

func (s *server) drained() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, queue := range s.queues {
		if len(queue) > 0 {
			return false
		}
	}
	return true
}

func clock(id uintptr) int64 {
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

const clockMonotonic, clockProcess = 1, 2

func made(number uint64) *pb.StreamEventsResponse {
	return &pb.StreamEventsResponse{
		Content: &pb.StreamEventsResponse_Events{Events: &pb.EventBatch{Events: []*pb.Event{{
			Kind: pb.Event_PROBE, Sequence: number, MonotonicNs: uint64(clock(clockMonotonic)), Cpu: proto.Uint32(1), CpuSequence: number, Source: pb.Event_TIMER,
			Socket: &pb.Socket{
				Cookie: 4096 + number&1023, Generation: proto.Uint32(1), Netns: 4026531840, Inode: 34567,
				Local:  &pb.Endpoint{Address: "10.0.0.5", Port: 6379},
				Remote: &pb.Endpoint{Address: net.IPv4(10, 0, byte(number>>8), byte(number)).String(), Port: uint32(1024 + number&0x7fff)},
				State:  pb.Socket_ESTABLISHED, CgroupId: 4567,
			},
			Keepalive: &pb.Keepalive{
				On: proto.Bool(true), IdleSeconds: proto.Uint32(60), IntervalSeconds: proto.Uint32(75), Count: proto.Uint32(9), UserTimeoutMs: proto.Uint32(0),
				ProbesOut: proto.Uint32(1), Unanswered: proto.Uint32(1), Probes: proto.Uint32(5), SilentSeconds: proto.Float64(60), NextSeconds: proto.Float64(75),
				Answered: proto.Uint32(0), LongestSilenceSeconds: proto.Float64(0),
			},
			Process: &pb.Process{
				Pid: 520, Tid: 520, Comm: "redis-server", CommandLine: "/usr/bin/redis-server 127.0.0.1:6379", StartBoottimeNs: 12340000000, Unit: "redis-server.service",
			},
			Time: timestamppb.Now(),
		}}}},
		NodeName: "bench",
		Sequence: number,
	}
}

func main() {
	network, address := "tcp", os.Args[1]
	if strings.HasPrefix(address, "unix:") {
		network, address = "unix", address[5:]
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	rate, _ := strconv.Atoi(os.Args[2])
	side := &server{}
	service := grpc.NewServer()
	pb.RegisterKatraceServer(service, side)
	go service.Serve(listener)
	fmt.Println("ready")

	number := uint64(0)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		count, _ := strconv.Atoi(input.Text())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		cpu, began := clock(clockProcess), time.Now()
		for i := 0; i < count; i++ {
			if rate > 0 {
				due := began.Add(time.Duration(float64(i) * 1e9 / float64(rate)))
				for time.Until(due) > 200*time.Microsecond {
					time.Sleep(100 * time.Microsecond)
				}
				for time.Now().Before(due) {
				}
			}
			number++
			side.send(made(number))
		}
		for !side.drained() {
			time.Sleep(time.Millisecond)
		}
		runtime.ReadMemStats(&after)
		fmt.Println(clock(clockProcess)-cpu, time.Since(began).Nanoseconds(), after.TotalAlloc-before.TotalAlloc, after.Sys)
	}
}
