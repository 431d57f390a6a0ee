using KaTrace.Interop;

namespace KaTrace.Captures;

/// <summary>Why the system refused a file, in words.</summary>
internal static class FileTrouble
{
    public static string Reason(Exception e) => e switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such directory",
        { HResult: Libc.EEXIST } => "it is there already; remove it or take another name",
        { HResult: Libc.ENOSPC } => "no space left on the device",
        _ when Errno.Name(e.HResult) is { } name => name,
        _ => e.Message,
    };
}
