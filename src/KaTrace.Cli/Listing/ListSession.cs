using System.Net;
using System.Text;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>One run of <c>katrace list</c>.</summary>
internal static class ListSession
{
    /// <summary>Some processes hold up whoever reads them: those are named alone.</summary>
    private static readonly TimeSpan DetailsWithin = TimeSpan.FromSeconds(1);

    /// <exception cref="BpfException">The sockets cannot be read.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static int Run(ListOptions options)
    {
        // Not disposed: the process ends, and the kernel takes the programs down by itself.
        KernelSockets source = KernelSockets.Open();
        SocketTable table = source.Read();
        int[] shown = Select(table, options);
        bool showsDetails = options.Format == "json" || options.Columns.Any(column => column.NeedsDetails);
        ProcessIdentity[] processes = Identify(table, showsDetails ? Details(table, shown) : new Dictionary<ProcessKey, ProcessDetails?>());
        NameResolver? names = options.ResolveNames ? new NameResolver(AddressesOf(table, shown)) : null;
        Cells cells = new(table, processes, bare: options.Format == "csv", names);
        shown = SortOrder.Sort(shown, table, options.Sort, cells);

        using StandardOutput output = new();
        IRowWriter writer = options.Format switch
        {
            "json" => new JsonRowWriter(new JsonConnectionWriter(output, table, processes, Environment.MachineName)),
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
        foreach (string gap in table.Gaps)
            Console.Error.WriteLine($"katrace: {gap}");
        if (options.Format is "table" or "wide")
            Console.Error.WriteLine(new ListSummary(table, shown).Text);
        return ExitCodes.Ok;
    }

    /// <summary>Rows that the options ask for, in the order of the table.</summary>
    internal static int[] Select(SocketTable table, ListOptions options)
    {
        SocketFilter filter = new(options.Filters, table, () => Identify(table, options.Filters.AsksContainers() ? Details(table.Processes) : new Dictionary<ProcessKey, ProcessDetails?>()));
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

    /// <param name="table">Whose processes are named.</param>
    /// <param name="details">What else is known of some.</param>
    internal static ProcessIdentity[] Identify(SocketTable table, IReadOnlyDictionary<ProcessKey, ProcessDetails?> details) =>
        [.. table.Processes.Select(process => new ProcessIdentity(process.Key, Encoding.UTF8.GetBytes(process.Comm), details.GetValueOrDefault(process.Key)))];

    private static Dictionary<ProcessKey, ProcessDetails?> Details(SocketTable table, int[] shown)
    {
        HashSet<int> holders = [];
        foreach (int index in shown)
        {
            foreach (SocketHolder holder in table.HoldersOf(in table.Rows[index]))
                holders.Add(holder.Process);
        }

        return Details(holders.Select(holder => table.Processes[holder]));
    }

    private static Dictionary<ProcessKey, ProcessDetails?> Details(IEnumerable<SocketProcess> processes)
    {
        ProcessKey[] keys = [.. processes.Select(process => process.Key)];
        using ProcessCatalog catalog = new(capacity: Math.Max(keys.Length, ProcessCatalog.DefaultCapacity));
        ProcessDetails?[] found = catalog.FindAllAsync(keys, DetailsWithin).GetAwaiter().GetResult();
        return keys.Zip(found).ToDictionary(pair => pair.First, pair => pair.Second);
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
