using System.Text;
using CsCheck;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Tests;

public sealed class ReceivedEventTests
{
    [Fact]
    public void A_message_that_was_received_says_the_same_when_it_is_written_again()
    {
        Gen.Select(RandomEvents.Records, RandomEvents.Processes, RandomEvents.Clocks, RandomEvents.Occurrences).Sample(
            (raw, process, clock, occurrence) =>
            {
                // Jiffies of a message are milliseconds, which 32 bits hold for 49 days.
                raw = raw with { Idle = raw.Idle % 1_000_000, Intvl = raw.Intvl % 1_000_000, Silent = raw.Silent % 1_000_000, Next = raw.Next % 1_000_000, Longest = raw.Longest % 1_000_000 };
                EventRecord record = raw.ToRecord();
                occurrence = occurrence with { FirstNs = Math.Min(occurrence.FirstNs, record.TimeNs) };
                Event sent = EventMessage.From(in record, process, occurrence, in clock, "node-1");
                ReceivedEvent received = new();

                EventRecord again = ReceivedEvent.RecordOf(sent);
                Event written = EventMessage.From(in again, received.ProcessOf(sent), ReceivedEvent.OccurrenceOf(sent), ReceivedEvent.ClockOf(sent), "node-1");

                Assert.Equal(sent, written);
                Assert.Equal(sent.ToByteArray(), written.ToByteArray()); // equal messages may differ in what is absent and what is 0
            },
            iter: 3_000);
    }

    /// <summary>They may be anybody's.</summary>
    [Fact]
    public void Events_that_were_damaged_on_their_way_are_written_or_no_messages()
    {
        Gen.Select(RandomEvents.Records, RandomEvents.Processes, Gen.Int[0, int.MaxValue].Array[1, 8]).Sample(
            (raw, process, hits) =>
            {
                EventRecord record = raw.ToRecord();
                byte[] message = EventMessage.From(in record, process, 7, Sample.Clock, "node-1").ToByteArray();
                foreach (int hit in hits)
                    message[hit / 8 % message.Length] ^= (byte)(1 << hit % 8);
                try
                {
                    KeptEvents kept = new("the agent", [Event.Parser.ParseFrom(message)], null);
                    Assert.Equal((1, 1), (KeptEventLines.Compact(kept).Length, KeptEventLines.Json(kept).Length));
                }
                catch (InvalidProtocolBufferException)
                {
                }
            },
            iter: 5_000);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 7)]
    [InlineData(false, -1)]
    public void A_descriptor_is_kept_also_where_it_is_0_or_absent(bool has, int fd)
    {
        Event message = new() { Process = new Process { Pid = 7, Comm = "x" } };
        if (has)
            message.Process.Fd = fd;

        Assert.Equal(fd, ReceivedEvent.RecordOf(message).Fd);
    }

    [Fact]
    public void What_names_a_process_is_made_once()
    {
        EventRecord record = Sample.Probe.ToRecord();
        Event message = EventMessage.From(in record, Sample.Redis, 1, Sample.Clock, "");
        ReceivedEvent received = new();

        Assert.Same(received.ProcessOf(message), received.ProcessOf(message.Clone()));
    }

    [Fact]
    public void A_process_of_which_only_the_uid_of_root_is_known_is_none_of_which_nothing_is()
    {
        Event nothing = new() { Process = new Process { Pid = 7, Comm = "x" } }, root = new() { Process = new Process { Pid = 7, Comm = "x", Uid = 0 } };
        ReceivedEvent received = new();

        Assert.Null(received.ProcessOf(nothing)!.Details);
        Assert.Equal(0u, received.ProcessOf(root)!.Details!.Uid);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("\e[2J", " container=podman:\\x1b[2J")]
    public void A_container_whose_id_is_none_is_shown_as_it_is(string id, string shown)
    {
        Process process = new() { Pid = 7, Comm = "x", Container = new Container { Runtime = "podman", Id = id } };

        Assert.Equal(shown, Encoding.UTF8.GetString(ReceivedEvent.IdentityOf(process, "x"u8).DetailText));
    }
}
