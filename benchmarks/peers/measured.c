// SPDX-License-Identifier: Apache-2.0
/*
 * measured FILE COMMAND...: runs a command with its output in a file, and prints
 * "wall_us peak_rss_kb exit_status".
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tally.h"

int main(int argc, char **argv)
{
	struct rusage usage;
	uint64_t start;
	int status, file, nothing;
	pid_t child;

	if (argc < 3)
		return 2;
	file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	nothing = open("/dev/null", O_RDWR);
	if (file < 0 || nothing < 0)
		return 2;
	start = clock_ns(CLOCK_MONOTONIC);
	child = fork();
	if (child == 0) {
		dup2(nothing, 0);
		dup2(file, 1);
		dup2(nothing, 2);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 1;
	printf("%lu %ld %d\n", (clock_ns(CLOCK_MONOTONIC) - start) / 1000, usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 255);
	return 0;
}
