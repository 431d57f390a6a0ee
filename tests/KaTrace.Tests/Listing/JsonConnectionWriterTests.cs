using System.Runtime.InteropServices;
using CsCheck;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Listing;

public sealed class JsonConnectionWriterTests
{
    [Fact]
    public void A_line_of_any_row_is_as_JsonFormatter_writes_the_message_that_it_is()
    {
        Gen.Byte.Array[Marshal.SizeOf<ulong>() * 64].Sample(
            bytes =>
            {
                SocketRow row = MemoryMarshal.Read<SocketRow>(bytes);
                row.State = (TcpState)(1 + ((int)row.State % 12));
                row.Own &= (KeepaliveSettings)15;
                (row.Peer, row.Listener) = (bytes[^1] % 2 - 1, bytes[^2] % 2 - 1);
                row = row.Held(0, bytes[^3] % 4);
                string line = ListedText.Json(Rows.Table([row], "\x1b\"\\\u202e", "")).TrimEnd('\n');
                Assert.Equal(JsonFormatter.Default.Format(JsonParser.Default.Parse<Connection>(line)).Replace(" ", "", StringComparison.Ordinal), line.Replace(" ", "", StringComparison.Ordinal));
            },
            iter: 3_000);
    }

    [Fact]
    public void A_line_of_any_row_says_what_the_message_says()
    {
        Gen.Byte.Array[Marshal.SizeOf<ulong>() * 64].Sample(
            bytes =>
            {
                SocketRow row = MemoryMarshal.Read<SocketRow>(bytes);
                row.State = (TcpState)(1 + ((int)row.State % 12));
                row.Own &= (KeepaliveSettings)15;
                (row.Peer, row.Listener) = (bytes[^1] % 2 - 1, bytes[^2] % 2 - 1);
                row = row.Held(0, bytes[^3] % 4);
                SocketTable table = Rows.Table([row], "\x1b\"\\\u202e", "");
                Connection message = new ConnectionMessage(table, ListedText.Identities(table)).From(in row);
                message.NodeName = "node-\"1\"";
                Assert.Equal(message, JsonParser.Default.Parse<Connection>(ListedText.Json(table)));
            },
            iter: 3_000);
    }

    [Fact]
    public void Fields_say_what_the_row_says()
    {
        SocketRow client = Rows.Connection("::ffff:10.0.0.5", 51812, "::ffff:10.0.0.9", 5432).Held(0, 2).With(SocketFlags.Keepalive | SocketFlags.Next | SocketFlags.OtherTimer);
        (client.Own, client.UserTimeout, client.Next, client.OtherTimer, client.OtherTimerNext, client.Retransmits) = (KeepaliveSettings.Idle, 1500, 500, 1, -50, 3);
        (client.Uid, client.CgroupId, client.RecvQueue, client.SendQueue, client.PacketsOut, client.Peer, client.Listener) = (1000, 77, 1, 2, 3, 1, 2);
        client.Probed = 12 * Rows.Hz;
        client.Flags |= SocketFlags.Probed;
        SocketRow server = Rows.Connection("10.0.0.9", 5432, "10.0.0.5", 51812).With(SocketFlags.Unaccepted);
        Connection message = JsonParser.Default.Parse<Connection>(ListedText.Json(Rows.Table([client, server, Rows.Listener("::", 5432)], "other")).Split('\n')[0]);

        Assert.Equal(JsonParser.Default.Parse<Connection>("""
            {
              "socket": { "cookie": "51812", "netns": 4026531840, "inode": "52812", "local": { "address": "10.0.0.5", "port": 51812 },
                "remote": { "address": "10.0.0.9", "port": 5432 }, "state": "ESTABLISHED", "v4Mapped": true, "cgroupId": "77", "holderCount": 2 },
              "keepalive": { "on": true, "idleSeconds": 7200, "intervalSeconds": 75, "count": 9, "userTimeoutMs": 1500, "own": [ "IDLE" ],
                "probesOut": 0, "silentSeconds": 5, "nextSeconds": 2 },
              "process": { "pid": 520, "comm": "redis-server", "commandLine": "command of 520", "startBoottimeNs": "1", "fd": 10 },
              "otherProcesses": [ { "pid": 521, "comm": "other", "commandLine": "command of 521", "startBoottimeNs": "2", "fd": 11 } ],
              "peer": { "cookie": "5432", "inode": "6432", "netns": 4026531840, "keepaliveOn": false },
              "listener": { "cookie": "5432", "inode": "6432", "netns": 4026531840, "keepaliveOn": false },
              "timer": { "kind": "RETRANSMIT", "seconds": -0.2, "count": 3 },
              "uid": 1000, "receiveQueue": 1, "sendQueue": 2, "packetsOut": 3, "retransmits": 3, "probedSeconds": 12,
              "nodeName": "node-\"1\"", "time": "1970-01-01T00:00:01.500Z"
            }
            """), message);
    }

    [Fact]
    public void TIME_WAIT_has_no_settings_and_no_user()
    {
        Connection message = JsonParser.Default.Parse<Connection>(ListedText.Json(Rows.Table([Rows.Connection("10.0.0.5", 1, "10.0.0.9", 2).InState(TcpState.TimeWait)])));
        Assert.Equal((null, false), (message.Keepalive, message.HasUid));
    }
}
