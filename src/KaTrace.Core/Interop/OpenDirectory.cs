using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Interop;

/// <summary>A directory that is held open: what is read through it is its own, wherever its path leads by now.</summary>
/// <remarks>What cannot be opened or read, for whatever reason, is null: with /proc it mostly means that the process is gone.</remarks>
internal sealed partial class OpenDirectory : IDisposable
{
    private const int AT_FDCWD = -100;

    // openat2(2), the same on every architecture.
    private const ulong RESOLVE_NO_SYMLINKS = 0x04;
    private const ulong RESOLVE_BENEATH = 0x08;
    private const ulong RESOLVE_IN_ROOT = 0x10;

    private const int PathMax = 4096;

    private readonly SafeFileHandle _directory;

    private OpenDirectory(SafeFileHandle directory) => _directory = directory;

    public void Dispose() => _directory.Dispose();

    public static OpenDirectory? TryOpen(string path) => Own(Libc.openat(AT_FDCWD, path, Libc.O_PATH | Libc.O_CLOEXEC)) is { } fd ? new OpenDirectory(fd) : null;

    /// <summary>A directory in this one. A link is followed.</summary>
    public OpenDirectory? TryOpenDirectory(string name) =>
        Own(Libc.openat(Fd, name, Libc.O_PATH | Libc.O_CLOEXEC)) is { } fd ? new OpenDirectory(fd) : null;

    /// <summary>A path as a process sees it whose root this is: neither ".." nor an absolute link leads out of it.</summary>
    public OpenDirectory? TryOpenAsRoot(string path) =>
        Own(Libc.openat2(Fd, path, Libc.O_PATH | Libc.O_CLOEXEC, RESOLVE_IN_ROOT)) is { } fd ? new OpenDirectory(fd) : null;

    /// <summary>What has that name here, if it is no link. Not opened, only held: nothing happens to a device or a pipe.</summary>
    public SafeFileHandle? TryHold(string name) =>
        Own(Libc.openat2(Fd, name, Libc.O_PATH | Libc.O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));

    /// <summary>How many bytes of the file fit; -1 if it cannot be read.</summary>
    public int Read(string name, Span<byte> buffer)
    {
        using SafeFileHandle? file = Own(Libc.openat(Fd, name, Libc.O_RDONLY | Libc.O_CLOEXEC));
        if (file is null)
            return -1;
        int length = 0;
        while (length < buffer.Length)
        {
            int read = Read(file, buffer[length..]);
            if (read <= 0)
                return read < 0 ? -1 : length;
            length += read;
        }

        return length;
    }

    public string? ReadLink(string name)
    {
        byte[] buffer = new byte[PathMax];
        nint length = readlinkat(Fd, name, ref buffer[0], PathMax);
        return length > 0 ? Encoding.UTF8.GetString(buffer, 0, (int)length) : null;
    }

    // Not RandomAccess.Read, which throws and knows no pipes.
    private static unsafe int Read(SafeFileHandle file, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint read;
            do
                read = Libc.read(file, start, (nuint)buffer.Length);
            while (read < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
            return (int)read;
        }
    }

    private int Fd => (int)_directory.DangerousGetHandle();

    private static SafeFileHandle? Own(int fd) => fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);

    [LibraryImport(Libc.Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(int dirfd, string pathname, ref byte buf, nuint bufsiz);
}
