namespace KaTrace.Coverage;

/// <summary>What one network namespace has counted.</summary>
/// <param name="Probes">TcpExtTCPKeepAlive.</param>
/// <param name="AtNs">When it was read, by CLOCK_MONOTONIC.</param>
/// <param name="Hidden">Probes of it that our programs had seen and hidden by then.</param>
internal readonly record struct KernelProbeCount(ulong Probes, ulong AtNs, ulong Hidden);
