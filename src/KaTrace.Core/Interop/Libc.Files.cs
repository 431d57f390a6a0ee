using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>What System.IO does not do with files.</summary>
internal static unsafe partial class Libc
{
    /// <summary>An id that is left as it is.</summary>
    public const uint Unchanged = uint.MaxValue;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chown(string pathname, uint owner, uint group);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fsync(int fd);

    /// <summary>Forces the names in a directory onto the disk. Nothing is done where it may not be read, or its file system has no such thing.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public static void SyncDirectory(string path)
    {
        const int Here = -100; // AT_FDCWD
        int fd = openat(Here, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        int error = fsync(fd) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = close(fd);
        if (error is EIO or ENOSPC)
            throw new IOException($"cannot force {path} onto the disk: {Errno.Text(error)}", error);
    }

    /// <summary>Makes a directory that was not there, which only we may enter.</summary>
    /// <param name="template">Ends with XXXXXX and NUL; becomes its path.</param>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint mkdtemp(Span<byte> template);

    [LibraryImport(Library)]
    public static partial uint geteuid();
}
