/**
 * How loud a stream is, left and right, without playing it.
 *
 * The figures of WebRTC are no help: Chromium reports level 0 for a muted element. The Web Audio graph is cheap, but
 * browsers let it run only after a click or key; until then Chromium can hand over the samples themselves.
 */

export interface Levels {
  /** The peaks since the last read, 0 to 1, left and right; null while the browser does not tell. */
  read(): [number, number] | null;
  close(): void;
}

const SAMPLES = 2048; // 43 ms at 48 kHz: more than one reading's interval

let shared: AudioContext | null = null;

function context(): AudioContext {
  if (shared === null) {
    shared = new AudioContext({ latencyHint: "playback" });
    const wake = (): void => void shared?.resume();
    addEventListener("pointerdown", wake);
    addEventListener("keydown", wake);
  }
  return shared;
}

export function levelsOf(stream: MediaStream): Levels {
  const graph = graphLevels(stream);
  let samples: Levels | null = null;
  return {
    read() {
      if (context().state === "running") {
        samples?.close();
        samples = null;
        return graph.read();
      }
      samples ??= sampleLevels(stream);
      return samples?.read() ?? null;
    },
    close() {
      graph.close();
      samples?.close();
    },
  };
}

function graphLevels(stream: MediaStream): Levels {
  const audio = context();
  const source = audio.createMediaStreamSource(stream);
  const splitter = audio.createChannelSplitter(2);
  source.connect(splitter);
  const analysers = [0, 1].map((channel) => {
    const analyser = audio.createAnalyser();
    analyser.fftSize = SAMPLES;
    splitter.connect(analyser, channel);
    return analyser;
  });
  const buffer = new Float32Array(SAMPLES);
  const peak = (analyser: AnalyserNode | undefined): number => {
    analyser?.getFloatTimeDomainData(buffer);
    return peakOf(buffer);
  };
  return {
    read: () => [peak(analysers[0]), peak(analysers[1])],
    close: () => {
      source.disconnect();
      splitter.disconnect();
    },
  };
}

interface TrackProcessor {
  readable: ReadableStream<AudioData>;
}
type TrackProcessorClass = new (init: { track: MediaStreamTrack }) => TrackProcessor;

function sampleLevels(stream: MediaStream): Levels | null {
  const Processor = (globalThis as { MediaStreamTrackProcessor?: TrackProcessorClass })
    .MediaStreamTrackProcessor;
  const track = stream.getAudioTracks()[0];
  if (Processor === undefined || track === undefined) return null;
  const reader = new Processor({ track }).readable.getReader();
  let peaks: [number, number] = [0, 0];
  void (async () => {
    const buffer = new Float32Array(SAMPLES);
    for (;;) {
      const { value, done } = await reader.read();
      if (done || value === undefined) return;
      const [left, right] = [0, Math.min(1, value.numberOfChannels - 1)].map((channel) => {
        const part = buffer.subarray(0, Math.min(SAMPLES, value.numberOfFrames));
        value.copyTo(part, { planeIndex: channel, format: "f32-planar", frameCount: part.length });
        return peakOf(part);
      });
      value.close();
      peaks = [Math.max(peaks[0], left ?? 0), Math.max(peaks[1], right ?? 0)];
    }
  })().catch(() => undefined);
  return {
    read() {
      const result = peaks;
      peaks = [0, 0];
      return result;
    },
    close: () => void reader.cancel().catch(() => undefined),
  };
}

function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}
