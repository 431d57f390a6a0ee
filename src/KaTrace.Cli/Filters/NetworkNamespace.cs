using KaTrace.Interop;

namespace KaTrace.Cli.Filters;

/// <summary>Finds the inode that names a network namespace in events.</summary>
internal static class NetworkNamespace
{
    private const string Own = "/proc/self/ns/net";

    /// <param name="path">Of a namespace file, such as /proc/1/ns/net or /run/netns/blue.</param>
    /// <param name="inode">Its inode.</param>
    /// <param name="error">What is wrong, to follow the path in a sentence.</param>
    public static bool TryGetInode(string path, out uint inode, out string error)
    {
        inode = 0;
        if (FileIdentity.TryRead(path, out FileIdentity file) is var errno and not 0)
        {
            error = $"cannot be read ({Errno.Text(errno)})";
            return false;
        }

        // All namespace files live on one device: an ordinary file of that name would just never match.
        if (FileIdentity.TryRead(Own, out FileIdentity own) == 0 && own.Device != file.Device)
        {
            error = "is no namespace";
            return false;
        }

        inode = (uint)file.Inode;
        error = "";
        return true;
    }
}
