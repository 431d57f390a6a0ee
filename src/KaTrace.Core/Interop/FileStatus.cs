using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>What stat(2) says of a file and System.IO does not.</summary>
internal readonly record struct FileStatus(FileIdentity Identity, bool IsSocket, uint Group)
{
    // include/uapi/linux/stat.h, the same on every architecture.
    private const int GroupOffset = 24;
    private const int ModeOffset = 28;
    private const int S_IFMT = 0xf000;
    private const int S_IFSOCK = 0xc000;

    /// <summary>Follows links. Null if there is no such file, or it cannot be reached.</summary>
    public static FileStatus? Of(string path)
    {
        Span<byte> buffer = stackalloc byte[FileIdentity.StatxSize];
        if (FileIdentity.TryRead(path, buffer, out FileIdentity identity) != 0)
            return null;
        return new FileStatus(identity, (MemoryMarshal.Read<ushort>(buffer[ModeOffset..]) & S_IFMT) == S_IFSOCK, MemoryMarshal.Read<uint>(buffer[GroupOffset..]));
    }
}
