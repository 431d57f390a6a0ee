using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>What tells one file from another; .NET does not say it.</summary>
internal readonly partial record struct FileIdentity(ulong Device, ulong Inode)
{
    // include/uapi/linux/stat.h and fcntl.h, the same on every architecture.
    public const int StatxSize = 256;
    private const int AT_FDCWD = -100;
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const int InodeOffset = 32;
    private const int DeviceMajorOffset = 136;
    private const int DeviceMinorOffset = 140;

    /// <summary>Follows links. Returns 0, or the errno.</summary>
    public static int TryRead(string path, out FileIdentity identity)
    {
        return TryRead(path, stackalloc byte[StatxSize], out identity);
    }

    /// <summary>The same, with all that statx(2) says in <paramref name="buffer"/>.</summary>
    public static int TryRead(string path, Span<byte> buffer, out FileIdentity identity)
    {
        if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, ref MemoryMarshal.GetReference(buffer)) != 0)
        {
            identity = default;
            return Marshal.GetLastPInvokeError();
        }

        ulong device = (ulong)MemoryMarshal.Read<uint>(buffer[DeviceMajorOffset..]) << 32
            | MemoryMarshal.Read<uint>(buffer[DeviceMinorOffset..]);
        identity = new FileIdentity(device, MemoryMarshal.Read<ulong>(buffer[InodeOffset..]));
        return 0;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int dirfd, string pathname, int flags, uint mask, ref byte statxbuf);
}
