using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using KaTrace.KernelTests.Cli;

namespace KaTrace.KernelTests.Net;

/// <summary>A real server as its package installs it, in a directory of its own, gone with the test.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly string[] Directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"];

    private readonly Process _process;
    private readonly DirectoryInfo _directory;

    private ServerProcess(DirectoryInfo directory, ushort port, string command, params string[] arguments)
    {
        (_directory, Port) = (directory, port);
        ProcessStartInfo start = new(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{command} does not start; tests/run.sh installs it", e);
        }

        Errors = new Lines(_process.StandardError, command);
        _ = new Lines(_process.StandardOutput, command);
        Until.True(Accepts, $"{command} listens on {port}: {string.Join('\n', Errors.SoFar())}");
    }

    public ushort Port { get; }

    public Lines Errors { get; }

    public uint Pid => (uint)_process.Id;

    /// <param name="listenOptions">Behind the port, such as so_keepalive=60s:10s:3.</param>
    public static ServerProcess Nginx(string listenOptions)
    {
        ushort port = RedisProcess.FreePort();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("katrace-nginx-");
        File.WriteAllText(Path.Combine(directory.FullName, "nginx.conf"), $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid nginx.pid;
            error_log stderr;
            events { worker_connections 64; }
            http {
              access_log off;
              client_header_timeout 600s;
              server { listen 127.0.0.1:{{port}} {{listenOptions}}; }
            }
            """);
        return new ServerProcess(directory, port, Find("nginx"), "-p", directory.FullName, "-c", "nginx.conf");
    }

    public static ServerProcess Sshd(bool tcpKeepAlive)
    {
        ushort port = RedisProcess.FreePort();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("katrace-sshd-");
        string key = Path.Combine(directory.FullName, "key");
        Shell.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
        // Where it drops its privileges; the package makes it at boot.
        Directory.CreateDirectory("/run/sshd");
        return new ServerProcess(directory, port, Find("sshd"), "-D", "-e", "-f", "/dev/null", "-h", key, "-p", $"{port}",
            "-o", "ListenAddress=127.0.0.1", "-o", $"TCPKeepAlive={(tcpKeepAlive ? "yes" : "no")}", "-o", "PidFile=none");
    }

    /// <param name="idle">tcp_keepalives_idle.</param>
    public static ServerProcess Postgres(int idle)
    {
        ushort port = RedisProcess.FreePort();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("katrace-postgres-");
        string bin = Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";
        string data = Path.Combine(directory.FullName, "data");
        // It refuses to run as root.
        Shell.Run("chown", "postgres", directory.FullName);
        string[] asPostgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
        Shell.Run("setpriv", [.. asPostgres, $"{bin}/initdb", "-D", data, "-A", "trust", "--no-sync"]);
        return new ServerProcess(directory, port, "setpriv", [.. asPostgres, $"{bin}/postgres", "-D", data, "-p", $"{port}", "-k", directory.FullName,
            "-c", "listen_addresses=127.0.0.1", "-c", $"tcp_keepalives_idle={idle}", "-c", "fsync=off"]);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>PATH of the tests may lack those of root.</summary>
    private static string Find(string command) => Directories.Select(directory => Path.Combine(directory, command)).FirstOrDefault(File.Exists) ?? command;

    private bool Accepts()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(new IPEndPoint(IPAddress.Loopback, Port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
