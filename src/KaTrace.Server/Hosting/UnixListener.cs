using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using KaTrace.Interop;

namespace KaTrace.Server.Hosting;

/// <summary>A Unix socket that is there with the right mode and group or not at all: bound in a directory that only we may enter, and
/// then moved to its place, over a stale one if there is.</summary>
internal sealed class UnixListener : IDisposable
{
    private const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly string _path;
    private readonly string _hidden;
    private FileIdentity? _identity;

    /// <exception cref="IOException">Someone else listens there, or the path is no place for a socket; the message says so.</exception>
    public UnixListener(string path)
    {
        _path = path;
        string directory = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(directory);
            RefuseIfTaken(path);
            _hidden = MakePrivate(directory);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not SocketTakenException)
        {
            throw new IOException($"cannot make the socket {path}: {e.Message}", e);
        }
    }

    /// <summary>Where the socket is to be bound.</summary>
    public string BindPath => Path.Combine(_hidden, "s");

    /// <summary>Whose members may connect, once published.</summary>
    public uint Group { get; private set; }

    /// <summary>After it was bound: from here on it can be found.</summary>
    /// <param name="group">Whose members may connect; null: the group that the directory or the process gives it.</param>
    public void Publish(uint? group)
    {
        if (group is { } gid && Libc.chown(BindPath, Libc.Unchanged, gid) != 0)
            throw new IOException($"cannot give the socket {_path} to group {gid}: {Errno.Text(Marshal.GetLastPInvokeError())}");
        File.SetUnixFileMode(BindPath, OwnerAndGroup);
        FileStatus status = FileStatus.Of(BindPath)!.Value;
        _identity = status.Identity;
        File.Move(BindPath, _path, overwrite: true);
        Directory.Delete(_hidden);
        Group = status.Group;
    }

    /// <summary>Takes the socket away, unless another agent has taken the place since.</summary>
    public void Dispose()
    {
        if (_identity is { } ours && FileStatus.Of(_path)?.Identity == ours)
            File.Delete(_path);
        if (Directory.Exists(_hidden))
            Directory.Delete(_hidden, recursive: true);
    }

    /// <summary>A name that others know in advance, they could have taken before us.</summary>
    private static string MakePrivate(string directory)
    {
        byte[] path = Encoding.UTF8.GetBytes(Path.Combine(directory, ".XXXXXX\0"));
        return Libc.mkdtemp(path) != 0
            ? Encoding.UTF8.GetString(path.AsSpan(0, path.Length - 1))
            : throw new IOException(Errno.Text(Marshal.GetLastPInvokeError()));
    }

    private static void RefuseIfTaken(string path)
    {
        if (FileStatus.Of(path) is not { } there)
            return;
        if (!there.IsSocket)
            throw new SocketTakenException($"cannot listen on {path}: it is there, and is no socket");
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return; // its owner was killed
        }
        catch (SocketException e)
        {
            throw new SocketTakenException($"cannot listen on {path}: a socket is there that cannot be looked at ({e.Message})");
        }

        throw new SocketTakenException($"cannot listen on {path}: another agent serves there; stop it, or choose another --listen");
    }

    private sealed class SocketTakenException(string message) : IOException(message);
}
