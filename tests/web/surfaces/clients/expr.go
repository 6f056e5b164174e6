// Evaluates a condition as Argo Rollouts does: over `result`, with its own conversions missing.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/antonmedv/expr"
)

func main() {
	var result interface{}
	if err := json.Unmarshal([]byte(os.Args[2]), &result); err != nil {
		log.Fatal(err)
	}
	env := map[string]interface{}{"result": result}
	program, err := expr.Compile(os.Args[1], expr.Env(env))
	if err != nil {
		log.Fatal(err)
	}
	found, err := expr.Run(program, env)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(found)
}
