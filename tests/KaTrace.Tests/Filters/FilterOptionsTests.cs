using System.CommandLine;
using System.Text;
using KaTrace.Cli.Filters;

namespace KaTrace.Tests.Filters;

public sealed class FilterOptionsTests
{
    [Theory]
    [InlineData("", "{ }")]
    [InlineData("--port 80 --port 443", """{ "allowList": [ { "port": [ 80, 443 ] } ] }""")]
    [InlineData("--port 80,443", """{ "allowList": [ { "port": [ 80, 443 ] } ] }""")]
    [InlineData("-p 5 --process-id=6 --pid 7", """{ "allowList": [ { "pid": [ 5, 6, 7 ] } ] }""")]
    [InlineData("-p5 -L80 -D443", """{ "allowList": [ { "pid": [ 5 ], "localPort": [ 80 ], "remotePort": [ 443 ] } ] }""")]
    [InlineData("--comm redis* --ip 10.0.0.0/8", """{ "allowList": [ { "comm": [ "redis*" ], "ip": [ "10.0.0.0/8" ] } ] }""")]
    [InlineData("--kind probe,Timeout --kind CLOSED", """{ "allowList": [ { "kind": [ "PROBE", "TIMEOUT", "CLOSED" ] } ] }""")]
    [InlineData("-4", """{ "allowList": [ { "ipVersion": [ "IPV4" ] } ] }""")]
    [InlineData("-46", """{ "allowList": [ { "ipVersion": [ "IPV4", "IPV6" ] } ] }""")]
    [InlineData("--container 7d3a1c5e9b2f,containerd://04", """{ "allowList": [ { "container": [ "7d3a1c5e9b2f", "04" ] } ] }""")]
    [InlineData("--cgroup 4567,1", """{ "allowList": [ { "cgroupId": [ "4567", "1" ] } ] }""")]
    [InlineData("--cookie 283445 --inode 2615055,1", """{ "allowList": [ { "cookie": [ "283445" ], "inode": [ "2615055", "1" ] } ] }""")]
    [InlineData("--netns 4026531840", """{ "allowList": [ { "netns": [ 4026531840 ] } ] }""")]
    public void A_repeated_flag_is_OR_and_different_flags_are_AND(string args, string json) => Assert.Equal(json, Json(args));

    [Theory]
    [InlineData("--not --port 80", """{ "denyList": [ { "port": [ 80 ] } ] }""")]
    [InlineData("--not --port=80", """{ "denyList": [ { "port": [ 80 ] } ] }""")]
    [InlineData("--not --port:80", """{ "denyList": [ { "port": [ 80 ] } ] }""")]
    [InlineData("--not -p5", """{ "denyList": [ { "pid": [ 5 ] } ] }""")]
    [InlineData("--not -p=5", """{ "denyList": [ { "pid": [ 5 ] } ] }""")]
    [InlineData("--not --process-id 5", """{ "denyList": [ { "pid": [ 5 ] } ] }""")]
    [InlineData("--not -6", """{ "denyList": [ { "ipVersion": [ "IPV6" ] } ] }""")]
    [InlineData("--not --comm x --port 80", """{ "allowList": [ { "port": [ 80 ] } ], "denyList": [ { "comm": [ "x" ] } ] }""")]
    [InlineData("--not --port 80,81 --not --port 82", """{ "denyList": [ { "port": [ 80, 81 ] }, { "port": [ 82 ] } ] }""")]
    [InlineData("--not --comm x --not --pid 5", """{ "denyList": [ { "pid": [ 5 ] }, { "comm": [ "x" ] } ] }""")]
    public void Not_negates_the_next_flag_alone_as_a_filter_of_its_own(string args, string json) => Assert.Equal(json, Json(args));

    [Theory]
    [InlineData("--not")]
    [InlineData("--not --other --port 80")]
    [InlineData("--not --not --port 80")]
    [InlineData("--not 80 --port 80")]
    [InlineData("--not --ports")]
    [InlineData("--not -46")]
    public void Not_before_anything_else_is_a_usage_error(string args) =>
        Assert.Contains("--not must be followed by a filter flag, such as --not --port 80", Parse(args).Errors.Select(e => e.Message));

    [Fact]
    public void Arguments_of_a_child_command_are_not_rewritten() =>
        Assert.Equal(["--not-port", "1", "--", "--not", "--port"], FilterOptions.Rewrite(["--not", "--port", "1", "--", "--not", "--port"]));

    [Theory]
    [InlineData("--port 70000", "--port: bad value '70000': a port is 1 to 65535")]
    [InlineData("--port 80,", "--port: bad value '': a port is 1 to 65535")]
    [InlineData("--local-port x", "--local-port: bad value 'x': a port is 1 to 65535")]
    [InlineData("-D -1", "--remote-port: bad value '-1': a port is 1 to 65535")]
    [InlineData("-p 0", "--pid: bad value '0': a process id is 1 to 2147483647")]
    [InlineData("--not --pid x", "--not --pid: bad value 'x': a process id is 1 to 2147483647")]
    [InlineData("--kind prob", "--kind: bad value 'prob': a kind is one of enabled, disabled, configured, armed, probe, timeout, closed, answered, recovered, local_drop, reset, lost")]
    [InlineData("--ip 10.0.0.0/33", "--ip: bad address '10.0.0.0/33': the prefix length of an IPv4 address is 0 to 32")]
    [InlineData("--netns 0", "--netns: bad value '0': a network namespace is an inode number, a path, or a name in /run/netns; an inode number is 1 to 4294967295")]
    [InlineData("--netns no-such", "--netns: bad value 'no-such': /run/netns/no-such cannot be read (ENOENT); a network namespace is an inode number, a path, or a name in /run/netns")]
    [InlineData("--cgroup 0", "--cgroup: bad value '0': a cgroup is an id, a path, or a name below the cgroup v2 mount; an id is 1 to 18446744073709551615")]
    [InlineData("--container web", "--container: bad value 'web': a container is given by its id, or how that begins: 1 to 64 of the digits 0-9 and a-f")]
    [InlineData("--cookie 0", "--cookie: bad value '0': a cookie is 1 to 18446744073709551615")]
    [InlineData("--inode socket:[5]", "--inode: bad value 'socket:[5]': an inode is 1 to 18446744073709551615")]
    [InlineData("--cgroup 1,", "--cgroup: bad value '': a cgroup is an id, a path, or a name below the cgroup v2 mount")]
    [InlineData("--netns /etc/passwd", "--netns: bad value '/etc/passwd': /etc/passwd is no namespace; a network namespace is an inode number, a path, or a name in /run/netns")]
    public void A_bad_value_is_a_usage_error_that_names_flag_and_value_and_says_what_is_allowed(string args, string message) =>
        Assert.Equal([message], Parse(args).Errors.Select(e => e.Message));

    [Fact]
    public void An_empty_process_name_is_a_usage_error()
    {
        RootCommand command = new();
        new FilterOptions().AddTo(command);
        Assert.Equal(
            ["--comm: '' is empty: a process name has at least one character"],
            command.Parse(["--comm", ""]).Errors.Select(e => e.Message));
    }

    [Fact]
    public void A_network_namespace_may_be_a_path()
    {
        string own = new FileInfo("/proc/self/ns/net").LinkTarget!; // net:[4026531840]
        string inode = own[(own.IndexOf('[', StringComparison.Ordinal) + 1)..^1];
        Assert.Equal($$"""{ "allowList": [ { "netns": [ {{inode}} ] } ] }""", Json("--netns /proc/self/ns/net"));
    }

    [Fact]
    public void Where_cgroup_v2_is_mounted_is_read_from_mountinfo() => Assert.Equal(
        ["/sys/fs/cgroup/unified", "/mnt/a b"],
        ControlGroup.MountPoints([
            "31 26 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory",
            "40 26 0:35 / /sys/fs/cgroup/unified rw,nosuid,relatime shared:9 - cgroup2 cgroup2 rw",
            @"41 26 0:35 /x /mnt/a\040b rw - cgroup2 none rw",
        ]));

    [Fact]
    public void Negations_are_not_listed_in_the_help_but_not_is()
    {
        RootCommand command = new();
        new FilterOptions().AddTo(command);
        StringWriter help = new(new StringBuilder());
        command.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = help });
        Assert.Contains("--not ", help.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("--not-", help.ToString(), StringComparison.Ordinal);
    }

    private static ParseResult Parse(string args) => Parse(args, out _);

    private static ParseResult Parse(string args, out FilterOptions options)
    {
        RootCommand command = new();
        options = new FilterOptions();
        options.AddTo(command);
        string[] split = args.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return command.Parse(FilterOptions.Rewrite(split));
    }

    private static string Json(string args)
    {
        ParseResult result = Parse(args, out FilterOptions options);
        Assert.Empty(result.Errors);
        return FilterOptions.ToJson(options.Read(result));
    }
}
