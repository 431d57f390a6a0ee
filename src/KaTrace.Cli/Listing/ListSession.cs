using System.Net;
using KaTrace.Cli.Agents;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>One run of <c>katrace list</c>.</summary>
internal static class ListSession
{
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static int Run(IHostSource host, ListOptions options)
    {
        bool showsPrograms = options.Format == "json" || options.Columns.Any(column => column.NeedsDetails);
        IHostLook look = host.Look(showsPrograms || options.Filters.AsksContainers());
        SocketTable table = look.Table;
        int[] shown = Select(look, options);
        ProcessIdentity[] processes = (showsPrograms ? look.ReadPrograms(HoldersOf(table, shown)) : ProgramLookup.None).Identify(table);
        NameResolver? names = options.ResolveNames ? new NameResolver(AddressesOf(table, shown)) : null;
        Cells cells = new(table, processes, bare: options.Format == "csv", names);
        shown = SortOrder.Sort(shown, table, options.Sort, cells);

        using StandardOutput output = new();
        IRowWriter writer = options.Format switch
        {
            "json" => new JsonRowWriter(new JsonConnectionWriter(output, table, processes, look.NodeName)),
            "csv" => new CsvWriter(output, options.Columns, cells),
            _ => new TableWriter(output, options.Columns, cells, table.Rows, shown, options.Width),
        };
        if (options.Header)
            writer.WriteHeader();
        for (int i = 0; i < shown.Length && !output.IsClosed; i++)
        {
            writer.Write(in table.Rows[shown[i]]);
            output.FlushIfLarge();
        }

        output.Flush();
        Gaps.Tell(table);
        if (options.Format is "table" or "wide")
            Console.Error.WriteLine(new ListSummary(table, shown).Text);
        return ExitCodes.Ok;
    }

    /// <summary>Rows that the options ask for, in the order of the table.</summary>
    internal static int[] Select(IHostLook look, ListOptions options)
    {
        SocketTable table = look.Table;
        SocketFilter filter = look.FilterBy(options.Filters);
        int[] shown = new int[table.Rows.Length];
        int count = 0;
        for (int i = 0; i < shown.Length; i++)
        {
            ref readonly SocketRow row = ref table.Rows[i];
            if (options.States.Has(row.State)
                && (options.Keepalive is null || (row.IsSocket && row.KeepaliveOn == options.Keepalive))
                && (options.Expression is null || options.Expression.Matches(in row))
                && filter.Matches(in row))
            {
                shown[count++] = i;
            }
        }

        return shown[..count];
    }

    private static SocketProcess[] HoldersOf(SocketTable table, int[] shown)
    {
        HashSet<int> holders = [];
        foreach (int index in shown)
        {
            foreach (SocketHolder holder in table.HoldersOf(in table.Rows[index]))
                holders.Add(holder.Process);
        }

        return [.. holders.Select(holder => table.Processes[holder])];
    }

    private static HashSet<IPAddress> AddressesOf(SocketTable table, int[] shown)
    {
        HashSet<IPAddress> addresses = [];
        foreach (int index in shown)
        {
            ref readonly SocketRow row = ref table.Rows[index];
            Add(EndpointView.Local(in row));
            Add(EndpointView.Remote(in row));
        }

        return addresses;

        void Add(EndpointView end)
        {
            if (end.Address.ContainsAnyExcept((byte)0))
                addresses.Add(new IPAddress(end.Address));
        }
    }
}
