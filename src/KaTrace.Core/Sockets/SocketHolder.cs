using KaTrace.Processes;

namespace KaTrace.Sockets;

/// <summary>A process that holds a descriptor of a socket. One for each process: its lowest descriptor stands for all.</summary>
/// <param name="Process">Index into <see cref="SocketTable.Processes"/>.</param>
/// <param name="Fd">Descriptor number; -1: not its own, but of the MPTCP socket above.</param>
internal readonly record struct SocketHolder(int Process, int Fd);

/// <summary>A process as the kernel names it, when its descriptors were read.</summary>
/// <param name="Key">In the initial pid namespace.</param>
/// <param name="Comm">Name of the process, at most 15 bytes, decoded but not made safe: see <see cref="HostileText"/>.</param>
internal sealed record SocketProcess(ProcessKey Key, string Comm);
