namespace KaTrace.Processes;

/// <summary>Names a process for as long as the host runs: pids alone are reused.</summary>
internal readonly record struct ProcessKey(uint Pid, ulong StartBoottimeNs);
