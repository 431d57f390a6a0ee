using System.Globalization;
using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Bpf;

/// <summary>Numbers of tracepoints, which only tracefs tells. It is not mounted on minimal hosts and in containers: then a
/// mount of our own is used, which exists as a descriptor only and shows in no mount table (fsopen(2), Linux 5.2).</summary>
internal sealed unsafe class Tracefs : IDisposable
{
    private static readonly string[] MountPoints = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

    private readonly string? _mountPoint = Array.Find(MountPoints, point => Directory.Exists($"{point}/events"));
    private SafeFileHandle? _ownMount;

    public ulong TracepointId(string category, string name)
    {
        string path = $"events/{category}/{name}/id";
        try
        {
            using SafeFileHandle file = _mountPoint is not null
                ? File.OpenHandle($"{_mountPoint}/{path}")
                : OpenBelowOwnMount(path);
            Span<byte> text = stackalloc byte[32];
            int length = RandomAccess.Read(file, text, 0);
            return ulong.Parse(text[..length].TrimEnd((byte)'\n'), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BpfNotSupportedException(
                $"tracepoint {category}/{name} cannot be found: {e.Message}; it needs CONFIG_FTRACE_SYSCALLS and root", innerException: e);
        }
    }

    public void Dispose() => _ownMount?.Dispose();

    private SafeFileHandle OpenBelowOwnMount(string path)
    {
        _ownMount ??= Mount();
        int fd = Libc.openat((int)_ownMount.DangerousGetHandle(), path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw BpfAdvice.Explain($"open tracefs {path}", Marshal.GetLastPInvokeError());
    }

    private static SafeFileHandle Mount()
    {
        fixed (byte* type = "tracefs\0"u8)
        {
            int context = Libc.fsopen(type, Libc.FSOPEN_CLOEXEC);
            if (context < 0)
                throw BpfAdvice.Explain("open tracefs", Marshal.GetLastPInvokeError());

            using SafeFileHandle owned = new(context, ownsHandle: true);
            if (Libc.fsconfig(context, Libc.FSCONFIG_CMD_CREATE, null, null, 0) < 0)
                throw BpfAdvice.Explain("create tracefs", Marshal.GetLastPInvokeError());

            int mount = Libc.fsmount(context, Libc.FSMOUNT_CLOEXEC, 0);
            return mount >= 0 ? new SafeFileHandle(mount, ownsHandle: true) : throw BpfAdvice.Explain("mount tracefs", Marshal.GetLastPInvokeError());
        }
    }
}
