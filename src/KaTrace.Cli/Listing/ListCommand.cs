using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Cli.Agents;
using KaTrace.Cli.Filters;
using KaTrace.Filters;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary><c>katrace list</c>: its flags, and what they mean.</summary>
internal static class ListCommand
{
    private const string Help = "help";

    public static Command Create()
    {
        FilterOptions filters = new(ofSockets: true);
        Argument<string[]> expression = new("expression") { Description = "As for ss: 'sport = :5432 and dst 10.0.0.0/8', 'state close-wait', ':443', '10.0.0.5:80'", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> listening = new("--listening", "-l") { Description = "Listening sockets only" };
        Option<bool> all = new("--all", "-a") { Description = "All sockets: also listening, unconnected, TIME_WAIT and half-open ones" };
        Option<string[]> state = new("--state") { Description = "In this state, or group of states, by the names of ss: established, time-wait, connected, synchronized, …", HelpName = "STATE,…", Arity = ArgumentArity.OneOrMore };
        Option<string?> keepalive = new("--keepalive") { Description = "With SO_KEEPALIVE on, or off", HelpName = "on|off" };
        Checks(keepalive, text => OneOf(text, "on", "off"));
        Option<string> output = new("--output", "-o") { Description = "Format: table, wide (all columns), json (JSON Lines; see 'katrace schema connection') or csv", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };
        Checks(output, text => OneOf(text, "table", "wide", "json", "csv"));
        Option<string> columns = new("--columns") { Description = "Columns of table and csv, in this order, however narrow the terminal; 'help' says which there are", HelpName = "NAME,…" };
        Option<string> sort = new("--sort") { Description = "Sort by columns: silent, or -silent for the longest first", HelpName = "NAME,…" };
        Option<bool> noHeader = new("--no-header", "-H") { Description = "Without headings" };
        Option<bool> resolve = new("--resolve", "-r") { Description = "Names of hosts (DNS, for 5 s at most) and of services" };
        Option<bool> numeric = new("--numeric", "-n") { Description = "Numbers: they always are, without -r" };
        Option<bool> tcp = new("-t") { Hidden = true };

        Command command = new("list", "Show all TCP sockets: whose they are, whether keepalive is on, and with which settings") { expression };
        filters.AddTo(command);
        foreach (Option option in (Option[])[listening, all, state, keepalive, output, columns, sort, noHeader, resolve, numeric, tcp])
            command.Options.Add(option);
        HostFlags host = new();
        host.AddTo(command);
        expression.Validators.Add(CheckExpression);
        Checks(state, text => StatesOf([text]));
        Checks(columns, text =>
        {
            if (text != Help)
                ColumnsOf(text);
        });
        Checks(sort, text => SortOrder.Parse(text));
        command.SetAction(result =>
        {
            V1.FilterList list = filters.Read(result);
            if (filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(list);

            string? chosen = result.GetValue(columns);
            if (chosen == Help)
            {
                Console.Out.WriteLine(Column.HelpText);
                return ExitCodes.Ok;
            }

            SocketExpression? parsed = SocketExpression.Parse(string.Join(' ', result.GetValue(expression)!));
            string format = result.GetValue(output)!;
            int? width = format == "table" && chosen is null && !Console.IsOutputRedirected && Console.WindowWidth is > 0 and int columnsOfTerminal ? columnsOfTerminal : null;
            ListOptions options = new()
            {
                Filters = list,
                Expression = parsed,
                States = States(result.GetValue(state) ?? [], result.GetValue(all), result.GetValue(listening), parsed),
                Keepalive = result.GetValue(keepalive) is { } wanted ? wanted == "on" : null,
                Format = format,
                Columns = chosen is not null ? ColumnsOf(chosen) : [.. Column.All.Where(column => !column.IsWide || format is "wide" or "csv" || width is not null)],
                Sort = result.GetValue(sort) is { } order ? SortOrder.Parse(order) : [],
                Header = !result.GetValue(noHeader),
                ResolveNames = result.GetValue(resolve),
                Width = width,
            };
            return host.Run(result, source => ListSession.Run(source, options));
        });
        return command;
    }

    private static SocketStates States(string[] named, bool all, bool listening, SocketExpression? expression)
    {
        if (named.Length > 0)
            return StatesOf(named);
        if (all || (expression is { NamesStates: true } && !listening))
            return SocketStates.Every;
        return listening ? SocketStates.Listening : SocketStates.Usual;
    }

    private static SocketStates StatesOf(IEnumerable<string> lists) =>
        new(lists.SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries)).Aggregate(0u, (mask, name) => mask | SocketStates.Parse(name).Mask));

    private static IReadOnlyList<Column> ColumnsOf(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries).Select(Column.Parse)];

    private static void OneOf(string text, params string[] values)
    {
        if (!values.Contains(text))
            throw new FilterException($"bad value '{text}': it is one of {string.Join(", ", values)}");
    }

    /// <summary>Whatever is no option comes here, misspelt ones too.</summary>
    private static void CheckExpression(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith('-')) is { } option)
            result.AddError($"there is no option '{option.Value}'");
        else
            Check(result, "", string.Join(' ', result.Tokens.Select(token => token.Value)), text => SocketExpression.Parse(text));
    }

    private static void Checks(Option option, Action<string> parse) =>
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
                Check(result, $"{option.Name}: ", token.Value, parse);
        });

    private static void Check(SymbolResult result, string where, string text, Action<string> parse)
    {
        try
        {
            parse(text);
        }
        catch (FilterException e)
        {
            result.AddError(where + e.Message);
        }
    }
}
