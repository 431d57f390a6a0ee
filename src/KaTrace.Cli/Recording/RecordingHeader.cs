using System.Reflection;
using System.Runtime.InteropServices;
using KaTrace.Bpf;
using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.V1;

namespace KaTrace.Cli.Recording;

/// <summary>What a capture says of the host and of the run.</summary>
internal static class RecordingHeader
{
    public static CaptureHeader Of(KeepaliveTracer tracer, StreamOptions options)
    {
        CaptureHeader header = new()
        {
            ToolVersion = typeof(RecordingHeader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            NodeName = Environment.MachineName,
            KernelRelease = StreamStatus.KernelRelease(),
            Architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64",
            BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").TrimEnd(),
            Hz = tracer.Hz,
            Backends = { tracer.Backends.Select(b => $"{b.Hook} by {b.Backend}") },
            RecordingId = Guid.NewGuid().ToString(),
            Layout = RecordLayouts.Current,
        };
        if (options.FilterText is not null)
            header.Filters = options.Filters;
        return header;
    }
}
