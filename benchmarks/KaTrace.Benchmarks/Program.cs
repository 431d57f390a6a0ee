using System.Globalization;
using KaTrace.Benchmarks;
using KaTrace.Benchmarks.Fanout;
using KaTrace.Benchmarks.Measuring;
using KaTrace.Benchmarks.Questions;
using KaTrace.Benchmarks.Readers;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (args is [Roles.Drain or Roles.Live, string ringFd, string ringBytes])
{
    int fd = int.Parse(ringFd, CultureInfo.InvariantCulture), bytes = int.Parse(ringBytes, CultureInfo.InvariantCulture);
    return args[0] == Roles.Drain ? Drainer.Run(fd, bytes) : LiveReader.Run(fd, bytes);
}

if (args is [Roles.FanoutServer, string kind, string address, string rate])
    return FanoutServer.Run(kind, address, int.Parse(rate, CultureInfo.InvariantCulture));
if (args is [Roles.FanoutClient, string server, string subscribers, string selective])
    return FanoutClient.Run(server, int.Parse(subscribers, CultureInfo.InvariantCulture), bool.Parse(selective));

if (args is [Roles.Encoder, string encoder])
    return Encoder.Run(encoder);

IQuestion[] all = [new DrainQuestion(), new DrainGoQuestion(), new LiveQuestion(), new CallerQuestion(), new FilteredQuestion(), new TightQuestion(), new StartupQuestion(), new ListQuestion(), new EncodeQuestion(), new FanoutQuestion(), new HooksQuestion(), new ReplayQuestion(), new SizeQuestion()];
bool quick = args.Contains("--quick");
string[] names = [.. args.Where(a => a != "--quick")];
if (names.FirstOrDefault(name => all.All(q => q.Name != name)) is { } unknown)
{
    Console.Error.WriteLine($"no question '{unknown}': there are {string.Join(", ", all.Select(q => q.Name))}");
    return 2;
}

Console.WriteLine(Machine.Header);
List<Row> rows = [];
bool failed = false;
foreach (IQuestion question in all.Where(q => names.Length == 0 || names.Contains(q.Name)))
{
    Console.Error.WriteLine($"{question.Name} ...");
    try
    {
        rows.AddRange(question.Ask(quick));
    }
    catch (Exception e)
    {
        Console.Error.WriteLine($"{question.Name}: {e}");
        rows.Add(new Row(question.Name, "failed", e.Message));
        failed = true;
    }
}

Table.Write(Console.Out, rows);
if (OtherTracers.WereSeen)
    Console.WriteLine("Another keepalive tracer was attached meanwhile: caller, filtered, tight and hooks measured that too, and mean nothing.");
return failed ? 1 : 0;
