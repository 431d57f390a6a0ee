using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace KaTrace.KernelTests.Cli;

/// <summary>Real redis-server and redis-cli, from where the package puts them.</summary>
internal sealed class RedisProcess : IDisposable
{
    private readonly Process _process;

    private RedisProcess(string command, params string[] arguments)
    {
        ProcessStartInfo start = new(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{command} does not start; install it with: apt-get install redis-server redis-tools", e);
        }

        Output = new Lines(_process.StandardOutput, command);
    }

    public uint Pid => (uint)_process.Id;

    public Lines Output { get; }

    /// <summary>A server that turns keepalive on for whoever connects. Ready when this returns.</summary>
    public static RedisProcess Server(ushort port, int keepaliveSeconds, string? networkNamespace = null)
    {
        (string command, string[] first) = networkNamespace is null ? ("redis-server", (string[])[]) : ("ip", ["netns", "exec", networkNamespace, "redis-server"]);
        RedisProcess server = new(command, [.. first, "--port", Text(port), "--bind", "127.0.0.1",
            "--tcp-keepalive", Text(keepaliveSeconds), "--save", "", "--daemonize", "no"]);
        server.Output.WaitForLine(line => line.Contains("Ready to accept connections", StringComparison.Ordinal));
        return server;
    }

    /// <summary>A client that has connected, and stays.</summary>
    public static RedisProcess Client(ushort port)
    {
        RedisProcess client = new("redis-cli", "-h", "127.0.0.1", "-p", Text(port));
        client._process.StandardInput.WriteLine("PING");
        client._process.StandardInput.Flush();
        client.Output.WaitForLine(line => line == "PONG");
        return client;
    }

    public static ushort FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
