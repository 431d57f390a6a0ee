using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>What System.IO does not do with files.</summary>
internal static unsafe partial class Libc
{
    /// <summary>An id that is left as it is.</summary>
    public const uint Unchanged = uint.MaxValue;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chown(string pathname, uint owner, uint group);

    /// <summary>Makes a directory that was not there, which only we may enter.</summary>
    /// <param name="template">Ends with XXXXXX and NUL; becomes its path.</param>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint mkdtemp(Span<byte> template);

    [LibraryImport(Library)]
    public static partial uint geteuid();
}
