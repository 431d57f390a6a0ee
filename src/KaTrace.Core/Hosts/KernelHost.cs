using KaTrace.Bpf;
using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Hosts;

/// <summary>The host of the kernel below.</summary>
internal sealed class KernelHost : IHostSource
{
    private readonly KernelSockets _sockets;

    private KernelHost(KernelSockets sockets) => _sockets = sockets;

    /// <summary>Loads what reads the sockets.</summary>
    /// <exception cref="BpfException">With a message for the user.</exception>
    public static KernelHost Open() => new(KernelSockets.Open());

    public IHostLook Look(bool programs) => new KernelLook(_sockets.Read());

    public void Dispose() => _sockets.Dispose();

    private sealed class KernelLook(SocketTable table) : IHostLook
    {
        /// <summary>Counting descriptors takes time where there are many, and more than one rule asks.</summary>
        private readonly Dictionary<uint, DescriptorUse?> _descriptors = [];

        public string NodeName => Environment.MachineName;

        public SocketTable Table => table;

        public HostSettings ReadSettings() => HostSettings.Read();

        public ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes) => ProgramLookup.Read(processes);

        public DescriptorUse? ReadDescriptors(uint pid)
        {
            if (!_descriptors.TryGetValue(pid, out DescriptorUse? use))
                _descriptors.Add(pid, use = DescriptorUse.Read(pid));
            return use;
        }
    }
}
