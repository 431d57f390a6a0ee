using System.Text;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class ProcessIdentityTests
{
    private static readonly ProcessKey Key = new(1, 2);

    [Fact]
    public void A_name_of_all_sixteen_bytes_is_taken_whole()
    {
        EventRecord record = (Sample.Probe with { Comm = RawEvent.Name("0123456789abcdef") }).ToRecord();
        Assert.Equal("0123456789abcdef", new ProcessIdentity(Key, RecordComm.Of(in record), null).Comm);
    }

    [Fact]
    public void Texts_are_ready_for_terminal_and_JSON()
    {
        ProcessIdentity process = new(Key, "\e\"\\\u202e"u8, null);
        Assert.Equal("\\x1b\"\\\\u{202e}[1]", Encoding.UTF8.GetString(process.NameText));
        Assert.Equal(",\"comm\":\"\\u001b\\\"\\\\\\u202e\",\"startBoottimeNs\":\"2\"", Encoding.UTF8.GetString(process.JsonRest));
    }

    [Fact]
    public void Wide_text_says_where_it_runs_and_what()
    {
        ProcessDetails details = Details() with
        {
            Container = new Container("podman", new string('a', 64)), PodUid = "p", Unit = "u.service", Program = "Shop", Runtime = ".NET 10.0.1",
            CommandLine = "dotnet Shop.dll",
        };
        Assert.Equal(" container=podman:aaaaaaaaaaaa pod=p unit=u.service program=Shop (.NET 10.0.1) cmd=dotnet Shop.dll", Wide(details));
    }

    [Fact]
    public void Wide_text_leaves_out_what_is_not_known() => Assert.Equal("", Wide(Details()));

    [Fact]
    public void A_container_whose_runtime_is_not_known_has_its_id() =>
        Assert.Equal(" container=-:aaaaaaaaaaaa", Wide(Details() with { Container = new Container(null, new string('a', 64)) }));

    [Fact]
    public void No_detail_can_drive_a_terminal()
    {
        const string Hostile = "\e[2J\n\u202e";
        string text = Wide(Details() with { PodUid = Hostile, Unit = Hostile, Program = Hostile, Runtime = Hostile, CommandLine = Hostile });
        Assert.DoesNotContain(text, c => char.IsControl(c) || c == '\u202e');
        Assert.Contains("unit=\\x1b[2J\\x0a\\u{202e}", text, StringComparison.Ordinal);
    }

    private static ProcessDetails Details() => new() { Key = Key, Comm = "x" };

    private static string Wide(ProcessDetails details) => Encoding.UTF8.GetString(new ProcessIdentity(Key, "x"u8, details).DetailText);
}
