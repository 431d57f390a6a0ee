using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>Owners of files, which System.IO does not set.</summary>
internal static unsafe partial class Libc
{
    /// <summary>An id that is left as it is.</summary>
    public const uint Unchanged = uint.MaxValue;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chown(string pathname, uint owner, uint group);

    [LibraryImport(Library)]
    public static partial uint geteuid();
}
