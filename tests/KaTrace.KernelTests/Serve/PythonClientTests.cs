using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Serve;

/// <summary>The contract is what the proto files say, not what our own generator makes of them.</summary>
public sealed class PythonClientTests
{
    [Fact]
    public void A_client_built_from_the_proto_files_alone_receives_the_snapshot_and_live_events()
    {
        using AgentProcess agent = AgentProcess.Start();
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        socket.Connect(listener.LocalEndPoint!);
        socket.SetKeepalive(1234, 10, 3);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("katrace-py-");
        try
        {
            Generate(directory.FullName);
            ProcessStartInfo start = new("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Serve/client.py"), agent.Address]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["PYTHONPATH"] = directory.FullName;
            using Process python = Process.Start(start)!;
            Lines output = new(python.StandardOutput, "client.py's stdout"), errors = new(python.StandardError, "client.py's stderr");
            try
            {
                output.WaitForLine(line => line == $"connection {socket.Inode()} 1234");
                output.WaitForLine(line => line == "live");
                socket.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
                output.WaitForLine(line => line.StartsWith($"DISABLED {socket.Inode()} ", StringComparison.Ordinal));
            }
            catch (TimeoutException e)
            {
                throw new InvalidOperationException(string.Join('\n', errors.SoFar()), e);
            }
            finally
            {
                python.Kill();
                python.WaitForExit();
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void Generate(string output)
    {
        string proto = Path.Combine(Root(), "proto");
        string plugin = Shell.Run("sh", "-c", "command -v grpc_python_plugin").Trim();
        Shell.Run("protoc", ["-I", proto, "-I", "/usr/include", $"--python_out={output}", $"--grpc_python_out={output}", $"--plugin=protoc-gen-grpc_python={plugin}",
            .. Directory.EnumerateFiles(Path.Combine(proto, "katrace/v1"), "*.proto")]);
    }

    private static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "KaTrace.sln")))
            at = at.Parent;
        return at?.FullName ?? throw new DirectoryNotFoundException($"no KaTrace.sln above {AppContext.BaseDirectory}: run the tests from the repository");
    }
}
