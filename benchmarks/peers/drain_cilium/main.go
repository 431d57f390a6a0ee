// SPDX-License-Identifier: Apache-2.0

// drain_cilium RING_FD RING_BYTES: for each line on stdin, reads that many records with cilium/ebpf's ReadInto, and prints
// "records sum cpu_ns".
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// Offsets in struct katrace_event.
const (
	size   = 168
	kind   = 2
	timeNs = 16
	cookie = 32
	lport  = 88
	tgid   = 136
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func cpuNs() int64 {
	var now unix.Timespec
	must(unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now))
	return now.Nano()
}

func main() {
	runtime.LockOSThread()
	fd, err := strconv.Atoi(os.Args[1])
	must(err)
	events, err := ebpf.NewMapFromFD(fd)
	must(err)
	reader, err := ringbuf.NewReader(events)
	must(err)

	lines := bufio.NewScanner(os.Stdin)
	var record ringbuf.Record
	for lines.Scan() {
		count, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		must(err)
		var records, sum uint64
		start := cpuNs()
		for i := 0; i < count; i++ {
			must(reader.ReadInto(&record))
			e := record.RawSample
			if len(e) < size || e[kind] < 1 || e[kind] > 7 {
				continue
			}
			records++
			sum += binary.LittleEndian.Uint64(e[timeNs:]) + binary.LittleEndian.Uint64(e[cookie:]) +
				uint64(binary.LittleEndian.Uint16(e[lport:])) + uint64(binary.LittleEndian.Uint32(e[tgid:]))
		}
		fmt.Println(records, sum, cpuNs()-start)
	}
}
