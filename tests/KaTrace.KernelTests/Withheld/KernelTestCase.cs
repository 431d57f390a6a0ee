using System.ComponentModel;
using KaTrace.KernelTests.Stream;
using Xunit.Sdk;
using Xunit.v3;

namespace KaTrace.KernelTests.Withheld;

/// <summary>Runs again, twice at most, when it failed and it is proven that the kernel withheld what the test was to see: it is
/// known to do so (<see cref="ProcessOne"/>), and counted more than any tracer was shown (<see cref="Ledger"/>). On any other
/// kernel, and for any other reason, a failure is a failure.</summary>
public sealed class KernelTestCase : XunitTestCase, ISelfExecutingXunitTestCase
{
    private const int Attempts = 3;

    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("for xunit, which fills it in by Deserialize")]
    public KernelTestCase()
    {
    }

    private KernelTestCase(IXunitTestCase plain, object?[] arguments)
        : base(plain.TestMethod, plain.TestCaseDisplayName, plain.UniqueID, plain.Explicit, plain.SkipExceptions, plain.SkipReason,
            plain.SkipType, plain.SkipUnless, plain.SkipWhen, plain.Traits.ToDictionary(t => t.Key, t => t.Value.ToHashSet()), arguments, plain.SourceFilePath, plain.SourceLineNumber, plain.Timeout)
    {
    }

    /// <summary>The same, but one that could not be discovered and only says why, or that has several runs in it.</summary>
    internal static ITestCase Of(ITestCase plain) =>
        plain.GetType() == typeof(XunitTestCase) && plain is XunitTestCase one ? new KernelTestCase(one, one.TestMethodArguments) : plain;

    public async ValueTask<RunSummary> Run(ExplicitOption explicitOption, IMessageBus messageBus, object?[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource, ParallelMode parallelMode, ExecutionScheduler scheduler, FixtureMappingManager methodFixtureMappings)
    {
        for (int attempt = 1; ; attempt++)
        {
            HeldMessages messages = new();
            Ledger.Clear(TracedEvents.OfAllTests);
            RunSummary summary = await XunitRunnerHelper.RunXunitTestCase(this, messages, cancellationTokenSource, parallelMode, scheduler, aggregator.Clone(), explicitOption, constructorArguments, methodFixtureMappings);
            if (summary.Failed == 0 || attempt == Attempts || !ProcessOne.HidesWhatInterruptsIt
                || TracedEvents.OfAllTests is not { } traced || Ledger.Unseen(traced) is not { } unseen)
            {
                messages.PassOn(messageBus);
                return summary;
            }

            Console.WriteLine($"{TestCaseDisplayName} runs again: this kernel shows no tracer what interrupts process 1, here {unseen}");
        }
    }

    /// <summary>What a run that may not count has to say.</summary>
    private sealed class HeldMessages : IMessageBus
    {
        private readonly List<IMessageSinkMessage> _messages = [];

        public bool QueueMessage(IMessageSinkMessage message)
        {
            lock (_messages)
                _messages.Add(message);
            return true;
        }

        public void PassOn(IMessageBus bus)
        {
            foreach (IMessageSinkMessage message in _messages)
                bus.QueueMessage(message);
        }

        public void Dispose()
        {
        }
    }
}
