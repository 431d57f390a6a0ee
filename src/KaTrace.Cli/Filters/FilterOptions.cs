using System.CommandLine;
using Google.Protobuf;
using KaTrace.V1;

namespace KaTrace.Cli.Filters;

/// <summary>The filter flags of a command. A repeated flag is OR, different flags are AND; <c>--not</c> before a flag hides
/// what that flag alone would show.</summary>
/// <remarks>Pass the arguments through <see cref="Rewrite"/> before parsing.</remarks>
internal sealed class FilterOptions
{
    private const string Kind = "--kind";

    private static readonly NotRewriter Rewriter = new(CreateFlags());

    private readonly IReadOnlyList<FilterFlag> _flags;

    private readonly Option<bool> _not = new(NotRewriter.Not)
    {
        Description = "Negates the filter flag that follows it, and that one alone",
    };

    private readonly Option<bool> _printRaw = new("--print-raw-filters")
    {
        Description = "Print the filters as the JSON that API and configuration take, and exit",
    };

    /// <param name="ofSockets">Without what only events have.</param>
    public FilterOptions(bool ofSockets = false)
    {
        _flags = [.. CreateFlags().Where(flag => !ofSockets || !flag.Names.Contains(Kind))];
        // Rewriting leaves only those that stand before something else.
        _not.Validators.Add(result =>
        {
            if (!result.Implicit)
                result.AddError("--not must be followed by a filter flag, such as --not --port 80");
        });
    }

    public static string[] Rewrite(string[] args) => Rewriter.Rewrite(args);

    /// <summary>The filters as proto3 JSON.</summary>
    public static string ToJson(FilterList filters) => JsonFormatter.Default.Format(filters);

    public void AddTo(Command command)
    {
        foreach (FilterFlag flag in _flags)
            flag.AddTo(command);
        command.Options.Add(_not);
        command.Options.Add(_printRaw);
    }

    /// <summary>Of a result without errors.</summary>
    public FilterList Read(ParseResult result)
    {
        FilterList list = new();
        Filter allow = new();
        foreach (FilterFlag flag in _flags)
        {
            flag.ReadAllowed(result, allow);
            list.DenyList.AddRange(flag.ReadDenied(result));
        }

        if (allow.CalculateSize() > 0)
            list.AllowList.Add(allow);
        return list;
    }

    /// <summary>What <c>--print-raw-filters</c> does.</summary>
    public static int PrintRaw(FilterList filters)
    {
        Console.Out.WriteLine(ToJson(filters));
        return ExitCodes.Ok;
    }

    public bool PrintsRaw(ParseResult result) => result.GetValue(_printRaw);

    private static FilterFlag[] CreateFlags() =>
    [
        FilterFlag.WithValue("--pid", ["-p", "--process-id"], "Owned by this process", "PID,…",
            (filter, text) => filter.Pid.AddRange(FilterValues.Pids(text))),
        FilterFlag.WithValue("--comm", [], "Owned by a process of this name; * is any text, ? any character", "NAME",
            (filter, text) => filter.Comm.AddRange(FilterValues.Texts(text, "a process name has at least one character"))),
        FilterFlag.WithValue("--port", [], "Local or remote port", "PORT,…",
            (filter, text) => filter.Port.AddRange(FilterValues.Ports(text))),
        FilterFlag.WithValue("--local-port", ["-L"], "Local port", "PORT,…",
            (filter, text) => filter.LocalPort.AddRange(FilterValues.Ports(text))),
        FilterFlag.WithValue("--remote-port", ["-D"], "Remote port", "PORT,…",
            (filter, text) => filter.RemotePort.AddRange(FilterValues.Ports(text))),
        FilterFlag.WithValue("--ip", [], "Local or remote address", "ADDRESS|CIDR,…",
            (filter, text) => filter.Ip.AddRange(FilterValues.Addresses(text))),
        FilterFlag.WithValue(Kind, [], "Kind of event, such as probe or timeout", "KIND,…",
            (filter, text) => filter.Kind.AddRange(FilterValues.Kinds(text))),
        FilterFlag.Switch("--ipv4", ["-4"], "IPv4 only", filter => filter.IpVersion.Add(IpVersion.Ipv4)),
        FilterFlag.Switch("--ipv6", ["-6"], "IPv6 only", filter => filter.IpVersion.Add(IpVersion.Ipv6)),
        FilterFlag.WithValue("--netns", [], "Network namespace: inode, path, or name in /run/netns", "NETNS,…",
            (filter, text) => filter.Netns.AddRange(FilterValues.Namespaces(text))),
        FilterFlag.WithValue("--cgroup", [], "cgroup (v2) that the socket was made in, or its listener: id, path, or name as in systemctl; exactly this one, not those below it", "CGROUP,…",
            (filter, text) => filter.CgroupId.AddRange(FilterValues.Cgroups(text))),
        FilterFlag.WithValue("--container", [], "Owned by a process in this container: its id as docker or crictl shows it, or how that begins", "ID,…",
            (filter, text) => filter.Container.AddRange(FilterValues.Containers(text))),
        FilterFlag.WithValue("--cookie", [], "This very socket, by SO_COOKIE; a socket may have none until it is connected or listed", "COOKIE,…",
            (filter, text) => filter.Cookie.AddRange(FilterValues.Ids(text, "a cookie"))),
        FilterFlag.WithValue("--inode", [], "This very socket, by its inode, as /proc/PID/fd shows it", "INODE,…",
            (filter, text) => filter.Inode.AddRange(FilterValues.Ids(text, "an inode"))),
        FilterFlag.WithValue("--unanswered", [], "So many probes unanswered, or more", "N",
            (filter, text) => filter.MinUnanswered = FilterValues.AtLeast(text)),
    ];
}
