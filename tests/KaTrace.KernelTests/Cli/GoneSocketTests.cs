using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using KaTrace.KernelTests.Net;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary>The kernel may skip the programs that see a socket's end. What it left behind is found, told and removed.</summary>
public sealed class GoneSocketTests
{
    [Fact]
    public void A_socket_that_is_gone_without_a_word_is_told_as_closed_once_with_all_that_is_known()
    {
        using NetworkNamespace ns = new();
        using System.Net.Sockets.Socket listener = ns.Listen("127.0.0.1");
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--reconcile", "1s");
        using PythonProcess client = new(ns.Name);
        client.Do($"""
            s = socket()
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            s.connect(('127.0.0.1', {listener.LocalPort()}))
            """);
        Event armed = katrace.WaitForEvent(e => e.Kind == Event.Types.Kind.Armed && e.Socket.Netns == ns.Inode);
        string map = SocketsMapOf(katrace.Pid);
        (string[] key, string[] value) = EntryOf(map, armed.Socket.Cookie);
        client.Do("s.close()");
        listener.Accept().Dispose();
        katrace.WaitForEvent(e => e.Kind == Event.Types.Kind.Closed && e.Socket.Cookie == armed.Socket.Cookie);

        // As if its end had been missed.
        Shell.Run("bpftool", ["map", "update", "id", map, "key", .. key, "value", .. value]);

        Event gone = katrace.WaitForEvent(e => e.Source == Event.Types.Source.Reconciled && e.Socket.Cookie == armed.Socket.Cookie, Pace.Deadline(60)); // snapshots rest where the host is busy
        Assert.Equal((Event.Types.Kind.Closed, client.Pid, "python3"), (gone.Kind, gone.Process.Pid, gone.Process.Comm));
        Assert.Null(gone.Socket.Local);
        Assert.Contains(Event.Types.Assumed.Time, gone.Assumed);
        Assert.DoesNotContain(Keys(map), k => k.SequenceEqual(key));
        Assert.Equal(0, katrace.Interrupt());
        Assert.Single(katrace.AllEvents(), e => e.Source == Event.Types.Source.Reconciled && e.Socket.Netns is 0);
    }

    /// <summary>Not by name alone: other tracers may run on this host.</summary>
    private static string SocketsMapOf(int pid)
    {
        using JsonDocument maps = JsonDocument.Parse(Shell.Run("bpftool", "--json", "map", "show"));
        string[] ids = [.. maps.RootElement.EnumerateArray().Where(m => m.GetProperty("name").GetString() == "sockets")
            .Select(m => m.GetProperty("id").GetInt32().ToString(CultureInfo.InvariantCulture))];
        return Descriptors.Of(pid).Where(descriptor => descriptor.ContainsKey("map_id")).Select(descriptor => descriptor["map_id"]).Distinct().Single(ids.Contains);
    }

    private static (string[] Key, string[] Value) EntryOf(string map, ulong cookie)
    {
        using JsonDocument dump = JsonDocument.Parse(Shell.Run("bpftool", "--json", "map", "dump", "id", map));
        JsonElement entry = dump.RootElement.EnumerateArray().Single(e => e.GetProperty("formatted").GetProperty("value").GetProperty("cookie").GetUInt64() == cookie);
        return (Bytes(entry.GetProperty("key")), Bytes(entry.GetProperty("value")));
    }

    private static IEnumerable<string[]> Keys(string map)
    {
        using JsonDocument dump = JsonDocument.Parse(Shell.Run("bpftool", "--json", "map", "dump", "id", map));
        return [.. dump.RootElement.EnumerateArray().Select(e => Bytes(e.GetProperty("key")))];
    }

    private static string[] Bytes(JsonElement array) => [.. array.EnumerateArray().Select(b => b.GetString()!)];
}
