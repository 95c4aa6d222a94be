type Event = { readonly folder: string; readonly name: string; readonly packageName: string; readonly module: string };

/** A Python program that reads `examples.json` with the generated types, and prints each example again as one line of JSON. */
export const renderPythonReader = (events: readonly Event[]): string => `import json
from typing import Any, Callable

${events.map(({ module }) => `import ${module}`).join('\n')}

READERS: dict[str, Callable[[Any], Any]] = {
${events
  .map(
    ({
      folder,
      name,
      module,
    }) => `    "event ${folder}": lambda content: ${module}.${name}.from_dict(content).to_dict(),
    "data ${folder}": lambda content: ${module}.Data.from_dict(content).to_dict(),`,
  )
  .join('\n')}
}

with open("examples.json", encoding="utf-8") as file:
    for example in json.load(file):
        print(json.dumps(READERS[f"{example['kind']} {example['folder']}"](example["content"])))
`;

/** The same program in Go. */
export const renderGoReader = (events: readonly Event[]): string => `package main

import (
	"encoding/json"
	"fmt"
	"os"

${events.map(({ packageName }) => `	"subscriber/${packageName}"`).join('\n')}
)

type example struct {
	Folder  string
	Kind    string
	Content json.RawMessage
}

func readAgain[T any](content json.RawMessage) ([]byte, error) {
	var event T
	if err := json.Unmarshal(content, &event); err != nil {
		return nil, err
	}
	return json.Marshal(event)
}

var readers = map[string]func(json.RawMessage) ([]byte, error){
${events
  .map(
    ({ folder, name, packageName }) => `	"event ${folder}": readAgain[${packageName}.${name}],
	"data ${folder}":  readAgain[${packageName}.Data],`,
  )
  .join('\n')}
}

func main() {
	var examples []example
	text, err := os.ReadFile("examples.json")
	if err == nil {
		err = json.Unmarshal(text, &examples)
	}
	for _, one := range examples {
		var printed []byte
		if err == nil {
			printed, err = readers[one.Kind+" "+one.Folder](one.Content)
		}
		fmt.Println(string(printed))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
`;
